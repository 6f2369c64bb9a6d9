/* commands.c - the list of commands, and what they share. */
#include "cli/commands.h"

#include <stdio.h>

#include "base/err.h"
#include "cli/options.h"
#include "cli/version.h"

const struct command commands[] = {
    {"run", "publish a slot's changes to a sink", "--slot NAME --sink SINK [OPTION]...",
     "Publishes every committed change of a logical slot, in commit order, and moves the\n"
     "slot forward only over what the sink has stored.",
     COMMAND_RUN, command_run},
    {"decode", "turn test_decoding's text into records", "[OPTION]... < TEXT",
     "Reads what pg_recvlogical writes, or psql -At of SELECT lsn, xid, data, and prints the\n"
     "records to standard output. pg_recvlogical's text has no LSNs: positions are null.",
     COMMAND_DECODE, command_decode},
    {"keys", "print the primary keys of a database, for decode", "[--dsn DSN]",
     "Prints a line a table: its name, its replica identity, its key's columns.", COMMAND_KEYS,
     command_keys},
    {"help", "say how a command is used", "[COMMAND]", "Says how a command is used.", 0,
     command_help},
    {"version", "print the version", "", "Prints the version.", 0, command_version},
    {NULL, NULL, NULL, NULL, 0, NULL},
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
