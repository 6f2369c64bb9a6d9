/* commands.c - the list of commands, and what they share. */
#include "cli/commands.h"

#include <stdio.h>

#include "base/err.h"
#include "cli/version.h"

const struct command commands[] = {
    {"run", "publish a slot's changes to a sink", command_run},
    {"help", "say how a command is used", command_help},
    {"version", "print the version", command_version},
    {NULL, NULL, NULL},
};

int usage_error(const char *text)
{
    fputs("walferry: ", stderr);
    for (const char *p = text; *p; p++)
        fputc(*p == '\n' ? ' ' : *p, stderr); /* a value that was typed may hold anything */
    fputc('\n', stderr);
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
