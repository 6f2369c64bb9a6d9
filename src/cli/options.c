/* options.c - the one table of options: flags, environment, defaults, help. */
#include "cli/options.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/units.h"
#include "cli/registry.h"
#include "source/session.h"
#include "source/slot.h"

enum { MOST_OPTIONS = 64, KEY_CHARACTERS = 256 };
static const uint64_t most_memory = (uint64_t)1 << 40;
static const uint64_t longest_ms = (uint64_t)365 * 86400 * 1000;

static int parse_dsn(struct run_options *o, const char *value, struct err *e)
{
    o->source.dsn = value;
    return session_check_dsn(value, e);
}

static int parse_slot(struct run_options *o, const char *value, struct err *e)
{
    if (!slot_name_valid(value))
        return err_set(e, ERR_USAGE, "--slot %s: a slot's name is 1 to 63 of a-z, 0-9 and _",
                       value);
    o->source.slot = value;
    return 0;
}

static int parse_format(struct run_options *o, const char *value, struct err *e)
{
    for (size_t i = 0; registry_formats[i]; i++) {
        if (strcmp(registry_formats[i]->name, value) == 0) {
            o->format = registry_formats[i];
            return 0;
        }
    }
    return err_set(e, ERR_USAGE, "--format %s: there are csv-payload, csv and json", value);
}

static int parse_sink(struct run_options *o, const char *value, struct err *e)
{
    size_t n = strcspn(value, ":");

    for (size_t i = 0; registry_sinks[i]; i++) {
        const struct sink_ops *ops = registry_sinks[i];
        if (strlen(ops->name) != n || strncmp(ops->name, value, n) != 0)
            continue;
        const char *target = value[n] ? value + n + 1 : NULL;
        if (ops->target && (!target || !*target))
            return err_set(e, ERR_USAGE, "--sink %s: takes a target, %s:%s", value, ops->name,
                           ops->target);
        if (!ops->target && target)
            return err_set(e, ERR_USAGE, "--sink %s: %s takes no target", value, ops->name);
        o->sink_ops = ops;
        o->sink.target = target;
        return 0;
    }
    return err_set(e, ERR_USAGE, "--sink %s: there are stdout, file:PATH and kinesis:STREAM",
                   value);
}

static int parse_pack(struct run_options *o, const char *value, struct err *e)
{
    if (strcmp(value, "kpl") == 0)
        o->sink.pack = PACK_KPL;
    else if (strcmp(value, "lines") == 0)
        o->sink.pack = PACK_LINES;
    else if (strcmp(value, "none") == 0)
        o->sink.pack = PACK_NONE;
    else
        return err_set(e, ERR_USAGE, "--pack %s: there are kpl, lines and none", value);
    return 0;
}

static size_t characters(struct slice s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xC0) != 0x80;
    return n;
}

static int parse_partition(struct run_options *o, const char *value, struct err *e)
{
    o->partition.text = slice_of(NULL, 0);
    if (strcmp(value, "table") == 0) {
        o->partition.by = PARTITION_TABLE;
    } else if (strcmp(value, "pk") == 0) {
        o->partition.by = PARTITION_PK;
    } else if (strcmp(value, "xid") == 0) {
        o->partition.by = PARTITION_XID;
    } else if (strncmp(value, "const:", 6) == 0) {
        struct slice text = slice_str(value + 6);
        if (text.n == 0 || characters(text) > KEY_CHARACTERS || !utf8_valid(text))
            return err_set(e, ERR_USAGE,
                           "--partition-key const: takes 1 to 256 characters of "
                           "UTF-8");
        o->partition.by = PARTITION_CONST;
        o->partition.text = text;
    } else {
        return err_set(e, ERR_USAGE, "--partition-key %s: there are table, pk, xid and const:TEXT",
                       value);
    }
    return 0;
}

static int parse_log_level(struct run_options *o, const char *value, struct err *e)
{
    static const char *const names[] = {"error", "warn", "info", "debug"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(names[i], value) == 0) {
            o->log_level = (enum log_level)i;
            return 0;
        }
    }
    return err_set(e, ERR_USAGE, "--log-level %s: there are error, warn, info and debug", value);
}

static int parse_log_format(struct run_options *o, const char *value, struct err *e)
{
    o->log_json = strcmp(value, "json") == 0;
    if (!o->log_json && strcmp(value, "text") != 0)
        return err_set(e, ERR_USAGE, "--log-format %s: there are text and json", value);
    return 0;
}

#define AT(field) .offset = offsetof(struct run_options, field)

const struct option option_table[] = {
    {.name = "dsn",
     .commands = COMMAND_RUN | COMMAND_KEYS,
     .value = "DSN",
     .initial = "",
     .type = OPTION_PARSED,
     .parse = parse_dsn,
     .help = "libpq connection string or URI; what it leaves out comes from PG* variables, the "
             "service file and the password file"},
    {.name = "slot",
     .commands = COMMAND_RUN,
     .value = "NAME",
     .type = OPTION_PARSED,
     .parse = parse_slot,
     .required = true,
     .help = "logical replication slot of the plugin test_decoding"},
    {.name = "create-slot",
     .commands = COMMAND_RUN,
     .type = OPTION_FLAG,
     AT(source.create_slot),
     .help = "make the slot at the start if there is none"},
    {.name = "format",
     .commands = COMMAND_RUN | COMMAND_DECODE,
     .filter_initial = "json",
     .value = "FORMAT",
     .initial = "csv-payload",
     .type = OPTION_PARSED,
     .parse = parse_format,
     .help = "csv-payload, csv or json"},
    {.name = "sink",
     .commands = COMMAND_RUN,
     .value = "SINK",
     .type = OPTION_PARSED,
     .parse = parse_sink,
     .required = true,
     .help = "stdout, file:PATH or kinesis:STREAM"},
    {.name = "pack",
     .commands = COMMAND_RUN,
     .value = "HOW",
     .initial = "kpl",
     .type = OPTION_PARSED,
     .parse = parse_pack,
     .kinesis = true,
     .help = "how records are joined to Kinesis records: kpl (aggregated), lines or none"},
    {.name = "partition-key",
     .commands = COMMAND_RUN,
     .value = "WHAT",
     .initial = "table",
     .type = OPTION_PARSED,
     .parse = parse_partition,
     .kinesis = true,
     .help = "what stays in order in one shard: table, pk, xid or const:TEXT"},
    {.name = "region",
     .commands = COMMAND_RUN,
     .value = "REGION",
     .type = OPTION_TEXT,
     AT(sink.region),
     .kinesis = true,
     .help = "AWS region; else AWS_REGION, AWS_DEFAULT_REGION or the profile's"},
    {.name = "endpoint-url",
     .commands = COMMAND_RUN,
     .value = "URL",
     .type = OPTION_TEXT,
     AT(sink.endpoint_url),
     .kinesis = true,
     .help = "endpoint; else AWS_ENDPOINT_URL_KINESIS, AWS_ENDPOINT_URL or the region's"},
    {.name = "once",
     .commands = COMMAND_RUN,
     .type = OPTION_FLAG,
     AT(source.once),
     .help = "deliver what is committed now, acknowledge it and exit"},
    {.name = "batch-changes",
     .commands = COMMAND_RUN,
     .value = "N",
     .initial = "1000000",
     .type = OPTION_COUNT,
     AT(source.batch_changes),
     .least = 1,
     .most = INT_MAX,
     .help = "changes one peek may bring; a transaction is never split"},
    {.name = "poll-interval",
     .commands = COMMAND_RUN,
     .value = "TIME",
     .initial = "100ms",
     .type = OPTION_DURATION,
     AT(source.poll_interval_ms),
     .least = 1,
     .most = 86400000,
     .help = "how often the database is asked whether there is anything new"},
    {.name = "advance-interval",
     .commands = COMMAND_RUN,
     .value = "TIME",
     .initial = "1s",
     .type = OPTION_DURATION,
     AT(source.advance_interval_ms),
     .least = 1,
     .most = 86400000,
     .help = "how often the slot follows what is stored"},
    {.name = "txn-memory",
     .commands = COMMAND_RUN | COMMAND_DECODE,
     .value = "SIZE",
     .initial = "32MB",
     .type = OPTION_SIZE,
     AT(source.txn_memory),
     .least = 0,
     .most = most_memory,
     .help = "how much of a transaction is kept in memory before it goes to a file"},
    {.name = "spool-dir",
     .commands = COMMAND_RUN | COMMAND_DECODE,
     .value = "DIR",
     .type = OPTION_TEXT,
     AT(source.spool_dir),
     .help = "where that file is made, unlinked; else TMPDIR or /tmp"},
    {.name = "refresh-interval",
     .commands = COMMAND_RUN,
     .value = "TIME",
     .initial = "1h",
     .type = OPTION_DURATION,
     AT(source.refresh_interval_ms),
     .least = 1000,
     .most = longest_ms,
     .help = "how often the primary keys are read again; SIGHUP does it at once"},
    {.name = "keys",
     .value = "FILE",
     .commands = COMMAND_DECODE,
     .type = OPTION_TEXT,
     AT(source.keys_file),
     .help = "primary keys, as walferry keys prints them; without it every key is empty"},
    {.name = "log-level",
     .commands = COMMAND_RUN | COMMAND_DECODE,
     .filter_initial = "warn",
     .value = "LEVEL",
     .initial = "info",
     .type = OPTION_PARSED,
     .parse = parse_log_level,
     .help = "error, warn, info or debug"},
    {.name = "log-format",
     .commands = COMMAND_RUN | COMMAND_DECODE,
     .value = "FORMAT",
     .initial = "text",
     .type = OPTION_PARSED,
     .parse = parse_log_format,
     .help = "text (key=value) or json, on standard error"},
};

const size_t option_count = sizeof option_table / sizeof option_table[0];

char *option_variable(char *out, size_t size, const struct option *opt)
{
    snprintf(out, size, "WALFERRY_%s", opt->name);
    for (char *p = out; *p; p++) {
        if (*p == '-')
            *p = '_';
        else if (*p >= 'a' && *p <= 'z')
            *p = (char)(*p - 'a' + 'A');
    }
    return out;
}

static int bad_number(const struct option *opt, const char *value, const char *form, struct err *e)
{
    return err_set(e, ERR_USAGE, "--%s %s: takes %s", opt->name, value, form);
}

/* Into the field at opt->offset. */
static int set_field(const struct option *opt, void *field, const char *value, struct err *e)
{
    uint64_t n;
    int64_t ms;

    switch (opt->type) {
    case OPTION_TEXT:
        if (!*value)
            return err_set(e, ERR_USAGE, "--%s: takes a value that isn't empty", opt->name);
        *(const char **)field = value;
        return 0;
    case OPTION_FLAG:
        *(bool *)field = true;
        return 0;
    case OPTION_COUNT:
        if (!units_count(&n, value))
            return bad_number(opt, value, "a whole number", e);
        *(uint64_t *)field = n;
        break;
    case OPTION_SIZE:
        if (!units_size(&n, value))
            return bad_number(opt, value, "a size with its unit, like 32MB (B, kB, MB, GB)", e);
        *(size_t *)field = (size_t)n;
        break;
    case OPTION_DURATION:
        if (!units_duration(&ms, value))
            return bad_number(opt, value, "a time with its unit, like 100ms (ms, s, min, h, d)", e);
        *(int64_t *)field = ms;
        n = (uint64_t)ms;
        break;
    case OPTION_PARSED:
    default:
        return err_set(e, ERR_USAGE, "--%s: not a field", opt->name);
    }
    if (n < opt->least || n > opt->most)
        return err_set(e, ERR_USAGE, "--%s %s: out of range, which is %llu to %llu%s", opt->name,
                       value, (unsigned long long)opt->least, (unsigned long long)opt->most,
                       opt->type == OPTION_DURATION ? " ms"
                       : opt->type == OPTION_SIZE   ? " bytes"
                                                    : "");
    return 0;
}

static int set(struct run_options *o, const struct option *opt, const char *value, struct err *e)
{
    if (opt->type == OPTION_PARSED)
        return opt->parse(o, value, e);
    return set_field(opt, (char *)o + opt->offset, value, e);
}

static const struct option *find(const char *name, size_t n, enum command_bit command)
{
    for (size_t i = 0; i < option_count; i++)
        if ((option_table[i].commands & command) && strlen(option_table[i].name) == n &&
            strncmp(option_table[i].name, name, n) == 0)
            return &option_table[i];
    return NULL;
}

/* "--name value", "--name=value" or "--flag"; *i moves past it. */
static int read_argument(struct run_options *o, enum command_bit command, int argc, char **argv,
                         int *i, bool *given, struct err *e)
{
    const char *arg = argv[(*i)++];

    if (strncmp(arg, "--", 2) != 0)
        return err_set(e, ERR_USAGE, "%s: not an option; see walferry help", arg);
    size_t n = strcspn(arg + 2, "=");
    const struct option *opt = find(arg + 2, n, command);
    if (!opt)
        return err_set(e, ERR_USAGE, "--%.*s: there is no such option; see walferry help", (int)n,
                       arg + 2);
    const char *value = arg[2 + n] ? arg + 2 + n + 1 : NULL;
    if (opt->type == OPTION_FLAG && value)
        return err_set(e, ERR_USAGE, "--%s takes no value", opt->name);
    if (opt->type != OPTION_FLAG && !value) {
        if (*i >= argc)
            return err_set(e, ERR_USAGE, "--%s takes a value: --%s %s", opt->name, opt->name,
                           opt->value);
        value = argv[(*i)++];
    }
    given[opt - option_table] = true;
    return set(o, opt, value, e);
}

static bool is_among(const char *value, const char *const words[3])
{
    for (int i = 0; i < 3; i++)
        if (strcmp(value, words[i]) == 0)
            return true;
    return false;
}

/* A flag by its variable: "on" sets it, "off" doesn't. */
static int read_switch(bool *on, const struct option *opt, const char *value, struct err *e)
{
    *on = is_among(value, (const char *const[]){"1", "true", "on"});
    if (*on || is_among(value, (const char *const[]){"0", "false", "off"}))
        return 0;
    return err_set(e, ERR_USAGE, "--%s %s: takes on or off", opt->name, value);
}

/* The value of an option's variable. 1 it set the option, 0 it says nothing, -1. */
static int from_variable(struct run_options *o, const struct option *opt,
                         char *(*get)(const char *), struct err *e)
{
    char variable[64];
    const char *value = get(option_variable(variable, sizeof variable, opt));
    bool on = true;

    if (!value || !*value)
        return 0;
    if ((opt->type == OPTION_FLAG && read_switch(&on, opt, value, e) < 0) ||
        (on && set(o, opt, value, e) < 0)) {
        size_t n = strlen(e->text);
        snprintf(e->text + n, sizeof e->text - n, " (from %s)", variable);
        return -1;
    }
    return on;
}

/* What the command line doesn't say: the environment, then the default. */
static int fill_in(struct run_options *o, enum command_bit command, const struct option *opt,
                   char *(*get)(const char *), bool *given, struct err *e)
{
    const char *initial = opt->initial;

    if (command == COMMAND_DECODE && opt->filter_initial)
        initial = opt->filter_initial;
    int got = from_variable(o, opt, get, e);

    *given = got > 0;
    if (got != 0)
        return got < 0 ? -1 : 0;
    if (opt->required)
        return err_set(e, ERR_USAGE, "--%s %s is required; see walferry help run", opt->name,
                       opt->value);
    return initial ? set(o, opt, initial, e) : 0;
}

static int check_together(const struct run_options *o, const bool *given, struct err *e)
{
    for (size_t i = 0; i < option_count && o->sink_ops; i++)
        if (given[i] && option_table[i].kinesis && !o->sink_ops->partitioned)
            return err_set(e, ERR_USAGE, "--%s has no meaning for the sink %s",
                           option_table[i].name, o->sink_ops->name);
    return 0;
}

int options_read(struct run_options *o, enum command_bit command, int argc, char **argv,
                 char *(*get)(const char *), struct err *e)
{
    bool given[MOST_OPTIONS] = {false};

    memset(o, 0, sizeof *o);
    for (int i = 0; i < argc;)
        if (read_argument(o, command, argc, argv, &i, given, e) < 0)
            return -1;
    for (size_t i = 0; i < option_count; i++)
        if (!given[i] && (option_table[i].commands & command) &&
            fill_in(o, command, &option_table[i], get, &given[i], e) < 0)
            return -1;
    if (check_together(o, given, e) < 0)
        return -1;
    if (!o->source.spool_dir) {
        const char *tmp = get("TMPDIR");
        o->source.spool_dir = tmp && *tmp ? tmp : "/tmp";
    }
    o->sink.quoted_lines = o->format && o->format->quoted_lines;
    return 0;
}
