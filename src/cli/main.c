/* main.c - finds the command. */
#include <stdint.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "cli/commands.h"

/* A descriptor that is closed would be the next connection's: no use of it may succeed. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            _exit(ERR_SYSTEM);
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct err e;

    hold_standard_descriptors();
    if (argc < 2)
        return usage_error("which command? See walferry help");
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    for (const struct command *c = commands; c->name; c++) {
        if (strcmp(c->name, name) != 0)
            continue;
        if (asks_for_help(argc - 2, argv + 2))
            return command_help(1, (char *[]){(char *)(uintptr_t)c->name});
        return c->main(argc - 2, argv + 2);
    }
    err_set(&e, ERR_USAGE, "%s: there is no such command; see walferry help", name);
    return usage_error(e.text);
}
