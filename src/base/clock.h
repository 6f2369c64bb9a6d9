/* clock.h - the two clocks and the randomness; only edges call it, the core is handed values. */
#ifndef WALFERRY_BASE_CLOCK_H
#define WALFERRY_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Milliseconds of a clock that never goes back; for deadlines. */
int64_t clock_mono_ms(void);
/* Seconds since 1970, UTC; for signatures and the log. */
struct timespec clock_wall(void);
/* 64 random bits, good enough for jitter; not for secrets. */
uint64_t clock_random(void);

#endif
