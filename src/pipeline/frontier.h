/* frontier.h - decides how far the slot may advance. */
#ifndef WALFERRY_PIPELINE_FRONTIER_H
#define WALFERRY_PIPELINE_FRONTIER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lsn.h"

enum { FRONTIER_MARKS = 4096 };

/*
 * Commits whose records are not all stored yet, oldest first: "when record n is stored, lsn may be
 * acknowledged". A ring; when it is full the newest mark moves instead of a new one coming, which
 * only makes the steps larger.
 */
struct frontier {
    struct {
        uint64_t n;
        lsn_t lsn;
    } mark[FRONTIER_MARKS];
    uint32_t first;
    uint32_t count;
};

void frontier_init(struct frontier *f);
/* A transaction ended at lsn, and records up to n have been made in all. Both never go back. */
void frontier_commit(struct frontier *f, uint64_t n, lsn_t lsn);
/* Records up to `durable` are stored. true when *lsn is a new LSN that may be acknowledged. */
bool frontier_advance(struct frontier *f, uint64_t durable, lsn_t *lsn);
/* Nothing waits. */
bool frontier_empty(const struct frontier *f);

#endif
