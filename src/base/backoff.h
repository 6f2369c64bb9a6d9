/* backoff.h - how long to wait before trying again: exponential with full jitter. */
#ifndef WALFERRY_BASE_BACKOFF_H
#define WALFERRY_BASE_BACKOFF_H

#include <stdint.h>

/*
 * Between 1 ms and first_ms * 2^attempt, never more than most_ms. attempt counts from 0; random is
 * 64 random bits.
 */
int64_t backoff_ms(unsigned attempt, int64_t first_ms, int64_t most_ms, uint64_t random);

#endif
