/* help.c - how the commands are used, from the same tables that run them. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options.h"
#include "cli/registry.h"

enum { WIDTH = 80, INDENT = 26 };

/* Text from column INDENT on, broken between words before WIDTH. */
static void print_wrapped(const char *text, int column)
{
    while (*text) {
        int n = (int)strcspn(text, " ");
        if (column > INDENT && column + 1 + n > WIDTH) {
            printf("\n%*s", INDENT, "");
            column = INDENT;
        } else if (column > INDENT) {
            putchar(' ');
            column++;
        }
        printf("%.*s", n, text);
        column += n;
        text += n;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void print_option(const struct option *o, unsigned command)
{
    const char *initial =
        command == COMMAND_DECODE && o->filter_initial ? o->filter_initial : o->initial;
    char help[512];
    int n = printf("  --%s%s%s", o->name, o->value ? " " : "", o->value ? o->value : "");

    if (n > INDENT - 2)
        printf("\n%*s", INDENT, "");
    else
        printf("%*s", INDENT - n, "");
    snprintf(help, sizeof help, "%s%s%s%s", o->help, initial && *initial ? " [" : "",
             initial ? initial : "", initial && *initial ? "]" : "");
    print_wrapped(help, INDENT);
}

static void print_named(const char *name, const char *target, const char *summary)
{
    int n = printf("  %s%s%s", name, target ? ":" : "", target ? target : "");

    printf("%*s", n < INDENT ? INDENT - n : 1, "");
    print_wrapped(summary, INDENT);
}

static void print_lists(void)
{
    puts("\nSinks:");
    for (size_t i = 0; registry_sinks[i]; i++)
        print_named(registry_sinks[i]->name, registry_sinks[i]->target, registry_sinks[i]->summary);
    puts("\nFormats:");
    for (size_t i = 0; registry_formats[i]; i++)
        print_named(registry_formats[i]->name, NULL, registry_formats[i]->summary);
    puts("\nAWS keys come from the environment or the shared credentials file.\n\n"
         "SIGTERM or SIGINT: deliver what is in flight, advance the slot, exit 0; a second\n"
         "one leaves at once. SIGHUP: read the primary keys again.");
}

static int help_command(const struct command *c)
{
    printf("walferry %s %s\n\n%s\n", c->name, c->usage, c->description);
    if (!c->bit)
        return 0;
    puts("\nOptions:");
    for (size_t i = 0; i < option_count; i++)
        if (option_table[i].commands & c->bit)
            print_option(&option_table[i], c->bit);
    if (c->bit == COMMAND_RUN)
        print_lists();
    puts("\nEvery option can be given as an environment variable too: --log-level is\n"
         "WALFERRY_LOG_LEVEL. The command line wins.\n\n"
         "Exit codes: 0 done, 1 system, 2 usage, 3 the database refuses, 4 a row that can't\n"
         "be understood, 5 the sink refuses, 6 a record too large for the sink,\n"
         "128 + signal after a second signal.");
    return 0;
}

int command_help(int argc, char **argv)
{
    struct err e;

    if (argc == 0) {
        puts("walferry: PostgreSQL's committed changes to a stream, in order, losing nothing.\n");
        for (const struct command *c = commands; c->name; c++)
            printf("  walferry %-10s %s\n", c->name, c->summary);
        puts("\nwalferry help COMMAND lists its options.");
        return 0;
    }
    for (const struct command *c = commands; c->name; c++)
        if (strcmp(c->name, argv[0]) == 0)
            return help_command(c);
    err_set(&e, ERR_USAGE, "%s: there is no such command; see walferry help", argv[0]);
    return usage_error(e.text);
}
