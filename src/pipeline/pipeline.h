/* pipeline.h - the one loop: transactions in, records out, acknowledgements back. */
#ifndef WALFERRY_PIPELINE_PIPELINE_H
#define WALFERRY_PIPELINE_PIPELINE_H

#include "base/err.h"
#include "format/format.h"
#include "route/partition.h"
#include "sink/sink.h"
#include "source/source.h"

struct pipeline_config {
    const char *slot; /* for the log */
    bool once;
    int64_t flush_interval_ms; /* between flushes while changes keep coming */
    struct partition partition;
};

struct pipeline_counts {
    uint64_t transactions; /* that held rows */
    uint64_t changes;      /* rows of tables and messages */
    uint64_t records;      /* handed to the sink */
    uint64_t unkeyed;      /* changes not published: their table has no primary key */
    uint64_t unknown;      /* changes not published: their table is gone from the catalog */
};

/*
 * Runs until a signal stops it, with `once` until all is delivered, or until something fails.
 * Source and sink are open before, and the caller closes them after. 0, 1 when a second signal cut
 * it short, or -1 with *e.
 */
int pipeline_run(const struct pipeline_config *cfg, struct source *source,
                 const struct format_ops *format, struct sink *sink, struct pipeline_counts *counts,
                 struct err *e);

#endif
