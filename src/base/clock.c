/* clock.c - the two clocks and the randomness. */
#include "base/clock.h"

#include <sys/random.h>

int64_t clock_mono_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct timespec clock_wall(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return t;
}

uint64_t clock_random(void)
{
    uint64_t v;

    if (getrandom(&v, sizeof v, GRND_NONBLOCK) != (ssize_t)sizeof v) {
        struct timespec t = clock_wall();
        v = (uint64_t)t.tv_nsec * 0x9E3779B97F4A7C15u;
    }
    return v;
}
