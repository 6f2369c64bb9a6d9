/* run.c - the commands that ferry, and keys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/version.h"
#include "pipeline/pipeline.h"
#include "sink/file.h"
#include "source/keys.h"
#include "source/peek.h"
#include "source/session.h"
#include "source/text.h"

/* The first line as a log line; what follows (a row and a caret) as it is, for people only. */
static int report(const struct run_options *o, const struct err *e)
{
    if (e->code == ERR_USAGE)
        return usage_error(e->text);
    size_t first = o->log_json ? strlen(e->text) : strcspn(e->text, "\n");

    log_error("stopped", LSTR("slot", o->source.slot), LSLICE("error", slice_of(e->text, first)),
              LUINT("exit", e->code));
    if (e->text[first])
        fprintf(stderr, "%s\n", e->text + first + 1);
    return (int)e->code;
}

static int ferry(const struct run_options *o, struct source *source, struct sink *sink,
                 struct err *e)
{
    log_info("walferry " WALFERRY_VERSION, LSTR("slot", o->source.slot),
             LSTR("sink", o->sink_ops->name), LSTR("target", o->sink.target ? o->sink.target : "-"),
             LSTR("format", o->format->name));
    struct pipeline_counts counts = {0};
    struct pipeline_config cfg = {.slot = o->source.slot,
                                  .once = o->source.once,
                                  .flush_interval_ms = o->source.advance_interval_ms,
                                  .partition = o->partition};

    int got = pipeline_run(&cfg, source, o->format, sink, &counts, e);
    if (got >= 0 || counts.changes > 0)
        log_info(got == 0  ? "finished"
                 : got > 0 ? "left at once"
                           : "counts at the end",
                 LSTR("slot", o->source.slot), LUINT("transactions", counts.transactions),
                 LUINT("changes", counts.changes), LUINT("records", counts.records),
                 LUINT("without_key", counts.unkeyed), LUINT("unknown_table", counts.unknown));
    if (got > 0)
        return 128 + signals_stop_number();
    return got < 0 ? report(o, e) : 0;
}

static int run(struct run_options *o, const struct source_ops *ops)
{
    struct source *source;
    struct sink *sink;
    struct err e = {.code = ERR_NONE};
    int code;

    log_setup(o->log_level, o->log_json);
    signals_setup();
    if (ops->open(&source, &o->source, &e) < 0)
        return report(o, &e);
    if (o->sink_ops->open(&sink, &o->sink, &e) < 0) {
        code = report(o, &e);
    } else {
        code = ferry(o, source, sink, &e);
        sink->ops->close(sink);
    }
    source->ops->close(source);
    return code;
}

int command_run(int argc, char **argv)
{
    struct run_options o;
    struct err e;

    if (options_read(&o, COMMAND_RUN, argc, argv, getenv, &e) < 0)
        return usage_error(e.text);
    return run(&o, &source_peek);
}

int command_decode(int argc, char **argv)
{
    struct run_options o;
    struct err e;

    if (options_read(&o, COMMAND_DECODE, argc, argv, getenv, &e) < 0)
        return usage_error(e.text);
    o.source.slot = "-"; /* for the log */
    o.source.once = true;
    o.source.advance_interval_ms = 1000;
    o.sink_ops = &sink_stdout;
    return run(&o, &source_text);
}

int command_keys(int argc, char **argv)
{
    struct run_options o;
    struct err e;
    PGresult *res;

    if (options_read(&o, COMMAND_KEYS, argc, argv, getenv, &e) < 0)
        return usage_error(e.text);
    if (session_ask(&res, o.source.dsn, catalog_query, &e) < 0) {
        fprintf(stderr, "walferry: %s\n", e.text);
        return (int)e.code;
    }
    keys_print(stdout, res);
    PQclear(res);
    if (fflush(stdout) != 0) {
        perror("walferry: standard output");
        return ERR_SINK;
    }
    return 0;
}
