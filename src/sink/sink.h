/* sink.h - the contract of a sink: numbered records in, a durable prefix out. */
#ifndef WALFERRY_SINK_SINK_H
#define WALFERRY_SINK_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/lsn.h"
#include "base/slice.h"
#include "base/watch.h"

/* One record. The slices are borrowed: a sink that takes the record copies what it keeps. */
struct record {
    uint64_t seq;      /* 1, 2, 3 … without a gap, in commit order */
    struct slice key;  /* partition key: UTF-8, 1 to 256 characters; empty for sinks without one */
    struct slice data; /* the record's bytes, no line end */
    lsn_t lsn;         /* commit LSN and index: its position, for messages */
    uint64_t index;
};

/* How records are joined to Kinesis records. */
enum sink_pack { PACK_KPL, PACK_LINES, PACK_NONE };

/* What the command line says of the sink. All strings outlive the sink; NULL where not given. */
struct sink_config {
    const char *target;       /* what follows the colon: a path, a stream */
    enum sink_pack pack;      /* Kinesis */
    const char *region;       /* Kinesis; NULL: from the environment */
    const char *endpoint_url; /* Kinesis; NULL: the region's */
    bool quoted_lines; /* records are RFC 4180 CSV: a line break inside quotes ends nothing */
};

struct sink_ops;

/* The head of every sink's own struct. */
struct sink {
    const struct sink_ops *ops;
};

/*
 * No call blocks. Times are clock_mono_ms's. A call that returns -1 has filled *e, and the sink is
 * then only closed: what isn't durable will be delivered again by the next run.
 */
struct sink_ops {
    const char *name;    /* as in --sink NAME or NAME:TARGET */
    const char *target;  /* what the target is called in help, "PATH"; NULL: takes none */
    const char *summary; /* one line for help */
    bool partitioned;    /* uses partition keys, packing, region and endpoint */
    /* Checks the configuration and makes *out, which sink_ops.close frees. 0 or -1. */
    int (*open)(struct sink **out, const struct sink_config *c, struct err *e);
    /* Takes r (1), is full for now (0), or fails for good (-1). ERR_RECORD is about r alone: it
     * isn't taken, and the sink is as good as before. */
    int (*submit)(struct sink *s, const struct record *r, struct err *e);
    /* Does what can be done now: writes, reads answers, retries that are due. 0 or -1. */
    int (*step)(struct sink *s, int64_t now_ms, struct err *e);
    /* Asks that everything taken so far become durable soon: nothing more may come. 0 or -1. */
    int (*flush)(struct sink *s, struct err *e);
    /* n: every record with seq <= n is stored, as the sink's summary in docs/sinks.md defines. */
    uint64_t (*durable)(const struct sink *s);
    /* Adds what the sink waits for. */
    void (*watch)(const struct sink *s, struct watch *w);
    /* Frees s; drops what is not durable. */
    void (*close)(struct sink *s);
};

#endif
