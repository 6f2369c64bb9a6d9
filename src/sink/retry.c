/* retry.c - how long to wait before trying again. */
#include "sink/retry.h"

int64_t retry_delay_ms(unsigned attempt, uint64_t random)
{
    uint64_t bound = RETRY_FIRST_MS;

    while (attempt-- > 1 && bound < RETRY_MOST_MS)
        bound *= 2;
    if (bound > RETRY_MOST_MS)
        bound = RETRY_MOST_MS;
    return (int64_t)(random % bound) + 1;
}
