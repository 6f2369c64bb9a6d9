/* key.h - which row a change is about: its key's columns, before and after. */
#ifndef WALFERRY_ROUTE_KEY_H
#define WALFERRY_ROUTE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "decode/change.h"
#include "decode/table.h"

enum { KEY_MAX = 32 }; /* INDEX_MAX_KEYS of every PostgreSQL that is not rebuilt for more */

/* The columns of a key in key order, borrowed from the change. */
struct row_key {
    const struct td_column *column[KEY_MAX];
    uint32_t n;
};

struct row_keys {
    struct row_key now; /* the row's key after the change; of a DELETE, of the row that was */
    struct row_key was; /* UPDATE: the key before */
    bool moved;         /* UPDATE: the two differ */
};

enum key_result {
    KEY_FOUND,
    KEY_NOT_LOGGED, /* the replica identity keeps the key out of the WAL: nobody can know it */
    KEY_MISSING,    /* a key column isn't in the row: the table was altered since, or the cache is
                       out of date */
};

/*
 * The keys of an INSERT, UPDATE or DELETE of table t, which has a key; after td_recover_unchanged.
 * t's hints are updated. KEY_MISSING: *missing is the column's name.
 */
enum key_result route_key(struct row_keys *out, const struct td_change *c, struct table *t,
                          struct slice *missing);

#endif
