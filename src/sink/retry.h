/* retry.h - how long to wait before trying again: full jitter over an exponential bound. */
#ifndef WALFERRY_SINK_RETRY_H
#define WALFERRY_SINK_RETRY_H

#include <stdint.h>

enum { RETRY_FIRST_MS = 100, RETRY_MOST_MS = 10000 };

/*
 * Milliseconds before attempt number `attempt` (1 is the first retry): evenly spread over 1 to
 * min(RETRY_MOST_MS, RETRY_FIRST_MS * 2^(attempt - 1)) by 64 random bits.
 */
int64_t retry_delay_ms(unsigned attempt, uint64_t random);

#endif
