/* main.c - finds the command. */
#include <stdint.h>
#include <string.h>

#include "base/err.h"
#include "cli/commands.h"

int main(int argc, char **argv)
{
    struct err e;

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
        if (argc > 2 && (strcmp(argv[2], "--help") == 0 || strcmp(argv[2], "-h") == 0))
            return command_help(1, (char *[]){(char *)(uintptr_t)c->name});
        return c->main(argc - 2, argv + 2);
    }
    err_set(&e, ERR_USAGE, "%s: there is no such command; see walferry help", name);
    return usage_error(e.text);
}
