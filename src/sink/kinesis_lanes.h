/* kinesis_lanes.h - one lane a shard: records wait in it in order, its head alone is in flight. */
#ifndef WALFERRY_SINK_KINESIS_LANES_H
#define WALFERRY_SINK_KINESIS_LANES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "sink/ring.h"
#include "sink/shard_map.h"

enum { LANE_LEAST = 65536 }; /* a throttled lane's Kinesis records don't get smaller than this */

enum lane_state {
    LANE_IDLE,    /* nothing to send */
    LANE_READY,   /* waits for a call */
    LANE_FLYING,  /* its head is in a call */
    LANE_WAITING, /* its head failed; not before due_ms */
    LANE_LANDED,  /* its head was stored, but in another shard: the stream was resharded */
};

/*
 *      head ──▶ e ──▶ e ──▶ e ──▶ e ──▶ tail
 *      └── flying ──┘
 */
struct lane {
    struct lane *next; /* in the list of its state, or of its call */
    struct ring_entry *head, *tail;
    size_t bytes;     /* keys and data of all its records */
    size_t flying;    /* records at the head that are in a call, or landed */
    size_t target;    /* bytes to join to one Kinesis record */
    unsigned attempt; /* failures in a row */
    int64_t due_ms;
    enum lane_state state;
    char landed[SHARD_ID];
};

struct lanes {
    struct lane *lane; /* one a shard of the map, in its order */
    size_t n;
    size_t target;
    struct lane *ready, *ready_last;
    struct lane *waiting;
    int64_t due_ms; /* not later than the first due of the waiting; INT64_MAX: none waits */
    size_t failing; /* lanes with failures in a row */
};

/* target: bytes to join to one Kinesis record at most. */
int lanes_init(struct lanes *l, size_t n, size_t target, struct err *e);
void lanes_free(struct lanes *l);
void lanes_add(struct lanes *l, size_t i, struct ring_entry *e);
/* Takes a ready lane for a call, NULL when there is none; the call says how much flies. */
struct lane *lanes_take(struct lanes *l);
/* Back to the ready ones: the call as a whole failed. */
void lanes_return(struct lanes *l, struct lane *lane);
/* The head was stored: its records are done. */
void lanes_stored(struct lanes *l, struct lane *lane);
/* The head failed, and is to be tried again at due_ms; smaller, when the shard is throttled. */
void lanes_failed(struct lanes *l, struct lane *lane, int64_t due_ms, bool throttled);
/* The head was stored in the shard of that name. */
void lanes_landed(struct lane *lane, struct slice shard);
/* Makes ready what is due. */
void lanes_wake(struct lanes *l, int64_t now_ms);

#endif
