/* watch.h - what a part of the loop waits for: file descriptors and a deadline. */
#ifndef WALFERRY_BASE_WATCH_H
#define WALFERRY_BASE_WATCH_H

#include <assert.h>
#include <poll.h>
#include <stdint.h>

enum { WATCH_MAX = 64 };

/* Filled anew before each poll. deadline_ms is on clock_mono_ms's clock; INT64_MAX is never. */
struct watch {
    struct pollfd fd[WATCH_MAX];
    unsigned n;
    int64_t deadline_ms;
};

static inline void watch_fd(struct watch *w, int fd, short events)
{
    assert(w->n < WATCH_MAX);
    w->fd[w->n++] = (struct pollfd){.fd = fd, .events = events};
}

static inline void watch_until(struct watch *w, int64_t when_ms)
{
    if (when_ms < w->deadline_ms)
        w->deadline_ms = when_ms;
}

#endif
