/* ring.c - a bounded first-in-first-out store of records. */
#include "sink/ring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = _Alignof(struct ring_entry) };

size_t ring_room(size_t key_n, size_t data_n)
{
    return (sizeof(struct ring_entry) + key_n + data_n + ALIGN - 1) / ALIGN * ALIGN;
}

int ring_init(struct ring *r, size_t size, struct err *e)
{
    assert(size <= UINT32_MAX);
    *r = (struct ring){.p = malloc(size), .size = size};
    return r->p ? 0 : err_sys(e, "a ring of %zu bytes", size);
}

void ring_free(struct ring *r)
{
    free(r->p);
    *r = (struct ring){0};
}

static struct ring_entry *at(const struct ring *r, size_t offset)
{
    return (struct ring_entry *)(void *)(r->p + offset);
}

/* Where `room` bytes can go now; false when nowhere. */
static bool place(struct ring *r, size_t room)
{
    if (r->n == 0) {
        /* Starting over keeps a trickle of records in the same few pages. */
        r->head = r->tail = 0;
        return room <= r->size;
    }
    if (r->tail <= r->head)
        return room <= r->head - r->tail;
    if (room <= r->size - r->tail)
        return true;
    if (room > r->head)
        return false;
    r->end = r->tail;
    r->tail = 0;
    return true;
}

struct ring_entry *ring_push(struct ring *r, const struct record *rec)
{
    size_t room = ring_room(rec->key.n, rec->data.n);

    if (!place(r, room))
        return NULL;
    struct ring_entry *e = at(r, r->tail);
    *e = (struct ring_entry){
        .seq = rec->seq,
        .lsn = rec->lsn,
        .index = rec->index,
        .span = (uint32_t)room,
        .key_n = (uint32_t)rec->key.n,
        .data_n = (uint32_t)rec->data.n,
    };
    unsigned char *bytes = (unsigned char *)(e + 1);
    if (rec->key.n)
        memcpy(bytes, rec->key.p, rec->key.n);
    if (rec->data.n)
        memcpy(bytes + rec->key.n, rec->data.p, rec->data.n);
    r->tail += room;
    r->n++;
    return e;
}

/* The offset after the entry at `offset`, the wrap taken into account. */
static size_t after(const struct ring *r, size_t offset)
{
    size_t next = offset + at(r, offset)->span;

    /* tail at or below the entry: the entries wrap, and `end` is where they do. */
    return r->tail <= offset && next == r->end ? 0 : next;
}

uint64_t ring_trim(struct ring *r)
{
    uint64_t seq = 0;

    while (r->n && at(r, r->head)->done) {
        seq = at(r, r->head)->seq;
        r->head = after(r, r->head);
        r->n--;
    }
    return seq;
}

struct ring_entry *ring_first(const struct ring *r)
{
    return r->n ? at(r, r->head) : NULL;
}

struct ring_entry *ring_next(const struct ring *r, const struct ring_entry *e)
{
    size_t next = after(r, (size_t)((const unsigned char *)e - r->p));

    return next == r->tail ? NULL : at(r, next);
}
