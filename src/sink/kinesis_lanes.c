/* kinesis_lanes.c - one lane a shard: records wait in it in order, its head alone is in flight. */
#include "sink/kinesis_lanes.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int lanes_init(struct lanes *l, size_t n, size_t target, struct err *e)
{
    *l = (struct lanes){.lane = calloc(n, sizeof *l->lane), .n = n, .target = target};
    l->due_ms = INT64_MAX;
    if (!l->lane)
        return err_sys(e, "%zu lanes", n);
    for (size_t i = 0; i < n; i++)
        l->lane[i].target = target;
    return 0;
}

void lanes_free(struct lanes *l)
{
    free(l->lane);
    *l = (struct lanes){.due_ms = INT64_MAX};
}

static void make_ready(struct lanes *l, struct lane *lane)
{
    lane->state = LANE_READY;
    lane->next = NULL;
    if (l->ready)
        l->ready_last->next = lane;
    else
        l->ready = lane;
    l->ready_last = lane;
}

void lanes_add(struct lanes *l, size_t i, struct ring_entry *e)
{
    struct lane *lane = &l->lane[i];

    e->next = NULL;
    if (lane->head)
        lane->tail->next = e;
    else
        lane->head = e;
    lane->tail = e;
    lane->bytes += e->key_n + e->data_n;
    if (lane->state == LANE_IDLE)
        make_ready(l, lane);
}

struct lane *lanes_take(struct lanes *l)
{
    struct lane *lane = l->ready;

    if (!lane)
        return NULL;
    l->ready = lane->next;
    lane->next = NULL;
    lane->state = LANE_FLYING;
    return lane;
}

void lanes_return(struct lanes *l, struct lane *lane)
{
    lane->flying = 0;
    make_ready(l, lane);
}

void lanes_stored(struct lanes *l, struct lane *lane)
{
    for (; lane->flying; lane->flying--) {
        struct ring_entry *e = lane->head;
        assert(e);
        lane->head = e->next;
        lane->bytes -= e->key_n + e->data_n;
        e->done = true;
    }
    if (lane->attempt)
        l->failing--;
    lane->attempt = 0;
    lane->target = lane->target > l->target / 2 ? l->target : lane->target * 2;
    if (lane->head)
        make_ready(l, lane);
    else
        lane->state = LANE_IDLE;
}

void lanes_failed(struct lanes *l, struct lane *lane, int64_t due_ms, bool throttled)
{
    if (lane->attempt++ == 0)
        l->failing++;
    if (throttled && lane->target > LANE_LEAST)
        lane->target = lane->target / 2 > LANE_LEAST ? lane->target / 2 : LANE_LEAST;
    lane->flying = 0;
    lane->state = LANE_WAITING;
    lane->due_ms = due_ms;
    lane->next = l->waiting;
    l->waiting = lane;
    if (due_ms < l->due_ms)
        l->due_ms = due_ms;
}

void lanes_landed(struct lane *lane, struct slice shard)
{
    size_t n = shard.n < SHARD_ID ? shard.n : SHARD_ID - 1;

    memcpy(lane->landed, shard.p, n);
    lane->landed[n] = 0;
    lane->state = LANE_LANDED;
}

void lanes_wake(struct lanes *l, int64_t now_ms)
{
    if (now_ms < l->due_ms)
        return;
    struct lane **from = &l->waiting;
    l->due_ms = INT64_MAX;
    while (*from) {
        struct lane *lane = *from;
        if (lane->due_ms <= now_ms) {
            *from = lane->next;
            make_ready(l, lane);
            continue;
        }
        if (lane->due_ms < l->due_ms)
            l->due_ms = lane->due_ms;
        from = &lane->next;
    }
}
