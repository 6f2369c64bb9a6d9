/* buf.c - a growing byte buffer with a ceiling. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUF_FIRST = 256 };

void buf_init(struct buf *b, size_t max)
{
    assert(max > 0 && max < SIZE_MAX);
    *b = (struct buf){.max = max};
}

void buf_free(struct buf *b)
{
    free(b->p);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

/* One byte more than asked for is always there, for the NUL of printf and of buf_cstr. */
int buf_reserve(struct buf *b, size_t extra)
{
    if (b->failed)
        return -1;
    if (extra < b->cap - b->n && extra <= b->max - b->n)
        return 0;
    if (extra > b->max - b->n) {
        b->failed = true;
        return -1;
    }
    size_t cap = b->cap ? b->cap : BUF_FIRST;
    while (cap - b->n <= extra)
        cap = cap > b->max / 2 ? b->max + 1 : cap * 2;
    unsigned char *p = realloc(b->p, cap);
    if (!p) {
        b->failed = true;
        return -1;
    }
    b->p = p;
    b->cap = cap;
    return 0;
}

void buf_put(struct buf *b, const void *p, size_t n)
{
    if (n == 0 || buf_reserve(b, n) < 0)
        return;
    memcpy(b->p + b->n, p, n);
    b->n += n;
}

void buf_putc(struct buf *b, char c)
{
    if (buf_reserve(b, 1) < 0)
        return;
    b->p[b->n++] = (unsigned char)c;
}

void buf_puts(struct buf *b, const char *s)
{
    buf_put(b, s, strlen(s));
}

void buf_put_slice(struct buf *b, struct slice s)
{
    buf_put(b, s.p, s.n);
}

void buf_put_u64(struct buf *b, unsigned long long v)
{
    char digits[24];
    size_t i = sizeof digits;

    do {
        digits[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    buf_put(b, digits + i, sizeof digits - i);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    int want = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (want < 0 || buf_reserve(b, (size_t)want) < 0) {
        b->failed = true;
        return;
    }
    va_start(ap, fmt);
    vsnprintf((char *)b->p + b->n, (size_t)want + 1, fmt, ap);
    va_end(ap);
    b->n += (size_t)want;
}

const char *buf_cstr(struct buf *b)
{
    if (buf_reserve(b, 0) < 0)
        return "";
    b->p[b->n] = 0;
    return (const char *)b->p;
}
