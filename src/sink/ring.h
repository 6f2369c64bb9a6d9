/* ring.h - a bounded first-in-first-out store of records, freed in order as they become durable. */
#ifndef WALFERRY_SINK_RING_H
#define WALFERRY_SINK_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "sink/sink.h"

/* A stored record; key and data follow it in memory. It doesn't move until it is trimmed. */
struct ring_entry {
    struct ring_entry *next; /* free for the holder's own queues; NULL when pushed */
    uint64_t seq;
    lsn_t lsn;
    uint64_t index;
    uint32_t span; /* bytes up to the following entry, padding included */
    uint32_t key_n;
    uint32_t data_n;
    bool done; /* stored by the sink: may be freed once all before it are */
};

/*
 *      0        tail            head      end          used, head before tail:
 *      | records |     free     | records | unused |
 *
 * An entry is contiguous: one that doesn't fit before the end starts at 0, and `end` remembers.
 */
struct ring {
    unsigned char *p;
    size_t size;
    size_t head; /* oldest entry */
    size_t tail; /* where the next one goes */
    size_t end;  /* where the entries before the wrap stop */
    size_t n;    /* entries */
};

/* The bytes a record of that size takes. */
size_t ring_room(size_t key_n, size_t data_n);

int ring_init(struct ring *r, size_t size, struct err *e);
void ring_free(struct ring *r);
/* Copies the record, or NULL when there is no room for it now. */
struct ring_entry *ring_push(struct ring *r, const struct record *rec);
/* Frees the entries that are done up to the first that isn't; the last seq freed, 0: none. */
uint64_t ring_trim(struct ring *r);
/* From the oldest to the newest; NULL at the end. */
struct ring_entry *ring_first(const struct ring *r);
struct ring_entry *ring_next(const struct ring *r, const struct ring_entry *e);

static inline struct slice ring_key(const struct ring_entry *e)
{
    return slice_of(e + 1, e->key_n);
}

static inline struct slice ring_data(const struct ring_entry *e)
{
    return slice_of((const unsigned char *)(e + 1) + e->key_n, e->data_n);
}

#endif
