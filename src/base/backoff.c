/* backoff.c - how long to wait before trying again: exponential with full jitter. */
#include "base/backoff.h"

#include <assert.h>

int64_t backoff_ms(unsigned attempt, int64_t first_ms, int64_t most_ms, uint64_t random)
{
    int64_t top = first_ms;

    assert(first_ms > 0 && most_ms >= first_ms);
    while (attempt-- > 0 && top < most_ms)
        top = top > most_ms / 2 ? most_ms : top * 2;
    return 1 + (int64_t)(random % (uint64_t)top);
}
