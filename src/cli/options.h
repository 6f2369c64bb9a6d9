/* options.h - the one table of options: flags, environment, defaults, help. */
#ifndef WALFERRY_CLI_OPTIONS_H
#define WALFERRY_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/log.h"
#include "format/format.h"
#include "route/partition.h"
#include "sink/sink.h"
#include "source/source.h"

/* What a run is to do. Strings point into argv, the environment or the table. */
struct run_options {
    struct source_config source;
    struct sink_config sink;
    const struct sink_ops *sink_ops;
    const struct format_ops *format;
    struct partition partition;
    enum log_level log_level;
    bool log_json;
};

enum option_type {
    OPTION_TEXT,
    OPTION_FLAG,
    OPTION_COUNT,    /* uint64_t */
    OPTION_SIZE,     /* size_t, bytes */
    OPTION_DURATION, /* int64_t, milliseconds */
    OPTION_PARSED,   /* option.parse */
};

/* The commands that take options. */
enum command_bit { COMMAND_RUN = 1, COMMAND_DECODE = 2, COMMAND_KEYS = 4 };

struct option {
    unsigned commands;          /* of command_bit: those that take it */
    const char *name;           /* without dashes; the environment's is WALFERRY_NAME */
    const char *value;          /* what help calls the value; NULL for flags */
    const char *initial;        /* the default as text; NULL: none */
    const char *filter_initial; /* the default of COMMAND_DECODE where it is another */
    const char *help;
    enum option_type type;
    size_t offset;        /* into run_options, but for OPTION_PARSED */
    uint64_t least, most; /* bounds of numbers */
    int (*parse)(struct run_options *o, const char *value, struct err *e);
    bool kinesis; /* only with a partitioned sink */
    bool required;
};

extern const struct option option_table[];
extern const size_t option_count;

/*
 * Reads argv[0 .. argc) (what follows the command), with `get` (getenv) for what isn't on the
 * command line. 0, or -1 with ERR_USAGE.
 */
int options_read(struct run_options *o, enum command_bit command, int argc, char **argv,
                 char *(*get)(const char *), struct err *e);
/* "WALFERRY_TXN_MEMORY" of "txn-memory" into out; returns out. */
char *option_variable(char *out, size_t size, const struct option *opt);

#endif
