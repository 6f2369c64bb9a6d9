/* kinesis_state.h - what the Kinesis sink's files share. */
#ifndef WALFERRY_SINK_KINESIS_STATE_H
#define WALFERRY_SINK_KINESIS_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "sink/kinesis_api.h"
#include "sink/kinesis_client.h"
#include "sink/kinesis_lanes.h"
#include "sink/kinesis_pack.h"
#include "sink/ring.h"
#include "sink/shard_map.h"
#include "sink/sink.h"
#include "sink/trouble.h"

enum {
    KINESIS_CALLS = 4,       /* requests at once */
    KINESIS_KEY_CHARS = 256, /* of a partition key */
    KINESIS_KEY_BYTES = 4 * KINESIS_KEY_CHARS,
};

enum phase {
    PHASE_DESCRIBE, /* asks for the stream's state and limit */
    PHASE_LIST,     /* asks for its shards, page by page; nothing is sent meanwhile */
    PHASE_RUN,
    PHASE_DRAIN, /* resharded: waits for the calls under way, then lists */
};

struct call {
    bool busy;
    bool put; /* PutRecords; otherwise the phase's question */
    struct buf body;
    struct lane *lanes; /* in the order of the body's records */
    size_t n;
};

struct kinesis {
    struct sink head;
    const char *stream;
    struct kinesis_client client;
    enum phase phase;
    bool filter; /* ListShards understands ShardFilter */
    unsigned stale_lists;
    struct buf token; /* of the next page of shards */
    struct shard_map map;
    struct shard_map fresh; /* being listed */
    struct packer packer;
    struct ring ring;
    struct lanes lanes;
    struct call call[KINESIS_CALLS];
    unsigned flying;
    unsigned attempt; /* calls that failed as a whole, in a row */
    int64_t pause_ms; /* nothing is sent before */
    struct trouble trouble;
    uint64_t durable;
    bool refused; /* a record was, since the ring is full or the shards aren't known */
    bool room;    /* since this step it could be taken: the loop is to ask again, not to wait */
    /* The last record's key and shard: rows of one key come in runs. */
    unsigned char last_key[KINESIS_KEY_BYTES];
    size_t last_key_n; /* 0: none */
    size_t last_lane;
};

/* A failure that is retried: warns of it when it is time to. */
void kinesis_note_trouble(struct kinesis *k, int64_t now_ms, const char *operation,
                          const struct kinesis_error *error);
/* Says that it is over, when it is. */
void kinesis_end_trouble(struct kinesis *k, int64_t now_ms);
/* Milliseconds to wait before trying again when `attempt` tries failed before this one. */
int64_t kinesis_retry_ms(unsigned attempt);
/* A call failed as a whole: all calls wait, since it is hardly this one's own trouble. */
void kinesis_pause(struct kinesis *k, int64_t now_ms);
/* Frees the records that are stored, up to the first that isn't. */
void kinesis_trim(struct kinesis *k);

/* kinesis_shards.c: takes answers, and moves the phase from DESCRIBE over LIST to RUN. */

/* Lists the shards from the first page on. */
void kinesis_list(struct kinesis *k);
/* An answer to DescribeStreamSummary. 0, or -1 when the stream can't be used. */
int kinesis_described(struct kinesis *k, struct slice body, int64_t now_ms, struct err *e);
/* An answer to ListShards. 0 or -1. */
int kinesis_listed(struct kinesis *k, struct slice body, int64_t now_ms, struct err *e);

#endif
