/* commands.h - what the program does by name. Each returns the exit code. */
#ifndef WALFERRY_CLI_COMMANDS_H
#define WALFERRY_CLI_COMMANDS_H

struct command {
    const char *name;
    const char *summary;
    const char *usage;                  /* the words after the name */
    const char *description;            /* for help */
    unsigned bit;                       /* options.h's, or 0: it takes no options */
    int (*main)(int argc, char **argv); /* what follows the name */
};

/* Ends with a NULL name. */
extern const struct command commands[];

int command_run(int argc, char **argv);
int command_decode(int argc, char **argv);
int command_keys(int argc, char **argv);
int command_help(int argc, char **argv);
int command_version(int argc, char **argv);
/* One line on stderr, and ERR_USAGE's exit code. */
int usage_error(const char *text);

#endif
