/* spool.h - the rows of one transaction, in memory up to a bound and then in an unlinked file. */
#ifndef WALFERRY_SOURCE_SPOOL_H
#define WALFERRY_SOURCE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

/*
 * Rows go in, then come out once in the same order.
 *
 *   memory: | place 8 | n 4 | n bytes | NUL | place 8 | n 4 | …        up to `cap` bytes
 *   file:   the same, from the first row that no longer fits in memory
 */
struct spool {
    unsigned char *memory; /* pages are only touched as far as rows reach */
    size_t cap;
    size_t used; /* bytes written to memory */
    size_t read; /* bytes read from memory */
    const char *dir;
    FILE *file;       /* NULL until memory is full */
    uint64_t spilled; /* rows in the file not yet read */
    bool rewound;
    struct buf row; /* the row read from the file last */
};

/* dir outlives the spool. 0 or -1. */
int spool_init(struct spool *s, size_t cap, const char *dir, struct err *e);
void spool_free(struct spool *s);
/* Forgets all rows and gives the file back. */
void spool_reset(struct spool *s);
/* Copies a row, with a note of its place that means nothing here. 0 or -1 (disk full, memory). */
int spool_append(struct spool *s, uint64_t place, struct slice row, struct err *e);
/* 1 with the next row, followed by a NUL, good until the next call; 0 no more; -1. */
int spool_next(struct spool *s, uint64_t *place, struct slice *row, struct err *e);

#endif
