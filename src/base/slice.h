/* slice.h - a run of bytes that somebody else owns. */
#ifndef WALFERRY_BASE_SLICE_H
#define WALFERRY_BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Borrowed bytes, not NUL-terminated. p may be NULL when n is 0. */
struct slice {
    const unsigned char *p;
    size_t n;
};

#define SLICE_LIT(s) ((struct slice){(const unsigned char *)(s), sizeof(s) - 1})

static inline struct slice slice_of(const void *p, size_t n)
{
    return (struct slice){p, n};
}

static inline struct slice slice_str(const char *s)
{
    return (struct slice){(const unsigned char *)s, strlen(s)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
