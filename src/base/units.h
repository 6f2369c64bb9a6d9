/* units.h - sizes and durations as people write them. */
#ifndef WALFERRY_BASE_UNITS_H
#define WALFERRY_BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* "32MB" in bytes: B, kB, MB, GB, TB as powers of 1024 (KiB … too), in any case. 0 needs no unit.
 */
bool units_size(uint64_t *bytes, const char *text);
/* "100ms" in milliseconds: ms, s, min (or m), h, d. 0 needs no unit. */
bool units_duration(int64_t *ms, const char *text);
/* "500000" as it is. */
bool units_count(uint64_t *n, const char *text);

#endif
