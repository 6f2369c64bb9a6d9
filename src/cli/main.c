/* main.c - finds the command. */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/commands.h"
#include "cli/version.h"

const struct command commands[] = {
    {"run", "publish a slot's changes to a sink", command_run},
    {"help", "say how a command is used", command_help},
    {"version", "print the version", command_version},
    {NULL, NULL, NULL},
};

int usage_error(const char *text)
{
    fprintf(stderr, "walferry: %s\n", text);
    return ERR_USAGE;
}

int command_version(int argc, char **argv)
{
    (void)argv;
    if (argc > 0)
        return usage_error("version takes no arguments");
    puts("walferry " WALFERRY_VERSION);
    return 0;
}

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
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c->main(argc - 2, argv + 2);
    err_set(&e, ERR_USAGE, "%s: there is no such command; see walferry help", name);
    return usage_error(e.text);
}
