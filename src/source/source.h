/* source.h - the contract of a source: committed transactions in commit order. */
#ifndef WALFERRY_SOURCE_SOURCE_H
#define WALFERRY_SOURCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/lsn.h"
#include "base/slice.h"
#include "base/watch.h"
#include "decode/parser.h"
#include "decode/table.h"

/* What the command line says of the source. All strings outlive the source. */
struct source_config {
    const char *keys_file; /* of a source that reads text: where keys come from; NULL: none */
    const char *dsn;       /* libpq connection string or URI; "" leaves all to libpq's own means */
    const char *slot;
    bool create_slot;
    bool once;              /* drain what is committed at the start, then be drained */
    uint64_t batch_changes; /* rows a peek may bring, give or take one transaction */
    int64_t poll_interval_ms;
    int64_t advance_interval_ms;
    int64_t refresh_interval_ms;
    size_t txn_memory; /* bytes of a transaction kept in memory, the rest goes to a file */
    const char *spool_dir;
};

/*
 * A committed transaction, or a non-transactional message, which stands alone: the LSN of its row
 * is where its WAL record ends, as a commit LSN is, so the two are never equal and come in order.
 * One without rows only says that nothing up to lsn is missing.
 */
struct txn {
    lsn_t lsn;         /* the commit LSN: positions are made of it, and it may be acknowledged */
    uint32_t xid;      /* 0: not a transaction */
    struct slice time; /* commit time as printed; borrowed until the next source_next */
};

struct txn_row {
    uint64_t place;    /* the source's own note of where the row stands, for complain */
    struct slice text; /* followed by a NUL; borrowed until the next row */
};

struct source_ops;

/* The head of every source's own struct. */
struct source {
    const struct source_ops *ops;
};

/* No call blocks, but for name look-ups. Times are clock_mono_ms's. -1 is for good, with *e. */
struct source_ops {
    int (*open)(struct source **out, const struct source_config *c, struct err *e);
    /* Does what can be done now: connects, asks, reads answers, advances. 0 or -1. */
    int (*step)(struct source *s, int64_t now_ms, struct err *e);
    /* 1 with the next transaction in *t, 0 none yet, -1. Ends the one before. */
    int (*next)(struct source *s, struct txn *t, struct err *e);
    /* 1 with the transaction's next row in *r, 0 no more, -1. */
    int (*row)(struct source *s, struct txn_row *r, struct err *e);
    /* Fills *e (ERR_SYNTAX): the row can't be used, where and why. Returns -1. */
    int (*complain)(const struct source *s, const struct txn_row *r, const struct td_error *why,
                    struct err *e);
    /* The table of that printed name, as a row of transaction xid means it. 1, or 0: not known yet,
     * ask again. Tables die at the next step. */
    int (*table)(struct source *s, struct slice name, uint32_t xid, struct table **out);
    /* Asks for what the catalog says now, unless it already says all about xid. 1: asked (tables
     * looked up again may differ once table() answers), 0: nothing newer can help. */
    int (*renew)(struct source *s, uint32_t xid);
    /* Asks for what the catalog says now. */
    void (*refresh)(struct source *s);
    /* Everything up to lsn is stored for good; the slot may follow. */
    void (*acknowledge)(struct source *s, lsn_t lsn);
    /* No more rows, please; what was acknowledged is still taken to the server. */
    void (*stop)(struct source *s);
    /* true when the slot is where acknowledge said, and with `once` everything is acknowledged,
     * unless the source was stopped. */
    bool (*settled)(const struct source *s);
    /* The server's encoding isn't UTF-8, so that it converts texts on the way. */
    bool (*converts)(const struct source *s);
    /* Adds what the source waits for; rows only when `reading`. */
    void (*watch)(const struct source *s, struct watch *w, bool reading);
    void (*close)(struct source *s);
};

#endif
