/* table.h - what the catalog says of a table, for those who read its rows. */
#ifndef WALFERRY_DECODE_TABLE_H
#define WALFERRY_DECODE_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/lsn.h"
#include "base/slice.h"

struct table_key {
    struct slice name; /* as test_decoding prints it */
    uint32_t hint;     /* where in a row the column stood last */
};

/* One definition of a table. Made and freed by the catalog; `said` is its readers' to set. */
struct table {
    struct slice name;      /* schema.table, as test_decoding prints it */
    struct table *older;    /* the definition before this one, while rows may still need it */
    lsn_t retired;          /* 0: current; else no longer in the catalog as of this LSN */
    bool unknown;           /* not in the catalog at all: stands in for a name seen in a row */
    bool keyless;           /* published though nothing is known of its key */
    bool said;              /* its users have been told once that it isn't published */
    bool said_no_old_key;   /* … that changes come without a key */
    char replica_identity;  /* pg_class.relreplident: d, n, f, i */
    uint32_t n_key;         /* 0: no primary key */
    struct table_key key[]; /* in key order */
};

#endif
