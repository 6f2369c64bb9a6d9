/* rows.h - rows in memory, for what measures the parser. */
#ifndef WALFERRY_BENCH_ROWS_H
#define WALFERRY_BENCH_ROWS_H

#include <stddef.h>

#include "base/slice.h"

/* Each row in memory of its own with a NUL behind it, as libpq hands rows over. */
struct rows {
    struct slice *row;
    size_t n;
    size_t bytes; /* of all rows, NULs not counted */
};

/*
 * Reads what harness/recorded.py writes: for each row its length in decimal digits, a newline, the
 * bytes, a newline. Says on stderr what is wrong, and ends the program.
 */
void rows_read(struct rows *r, const char *path);
void rows_free(struct rows *r);

#endif
