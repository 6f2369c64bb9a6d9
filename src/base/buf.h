/* buf.h - a growing byte buffer with a ceiling. */
#ifndef WALFERRY_BASE_BUF_H
#define WALFERRY_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

/*
 * Writers append and don't check; `failed` is sticky and is asked once, at the end. It is set when
 * an append would pass `max` bytes or memory is out; from then on appends do nothing.
 * The bytes are owned by the buffer and move when it grows.
 */
struct buf {
    unsigned char *p;
    size_t n;   /* bytes in use */
    size_t cap; /* bytes allocated: 0, or more than n */
    size_t max; /* ceiling of n */
    bool failed;
};

void buf_init(struct buf *b, size_t max);
void buf_free(struct buf *b);
/* Forgets the contents and the failure; keeps the memory. */
void buf_clear(struct buf *b);
/* Makes room for `extra` more bytes. 0, or -1 with `failed` set. */
int buf_reserve(struct buf *b, size_t extra);
void buf_put(struct buf *b, const void *p, size_t n);
void buf_putc(struct buf *b, char c);
void buf_puts(struct buf *b, const char *s);
void buf_put_slice(struct buf *b, struct slice s);
/* The decimal digits of v. */
void buf_put_u64(struct buf *b, unsigned long long v);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The contents with a NUL after them (not counted in n), or "" after a failure. */
const char *buf_cstr(struct buf *b);

static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->p, b->n};
}

#endif
