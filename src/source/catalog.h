/* catalog.h - the primary-key cache: which columns identify a row of which table. */
#ifndef WALFERRY_SOURCE_CATALOG_H
#define WALFERRY_SOURCE_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "base/lsn.h"
#include "decode/table.h"

/*
 * Names in a row are as of the change, the catalog is as of now. So a definition that a refresh
 * replaces or no longer finds is kept until the slot has passed the refresh, and a table that isn't
 * found is only taken for gone when the refresh saw the row's transaction as finished.
 */
struct catalog {
    struct table **slots; /* open addressing, a power of two */
    size_t n_slots;
    size_t n;        /* tables in slots */
    size_t current;  /* of which are in the catalog */
    size_t with_key; /* of which have a primary key */
    bool loaded;
    uint32_t xmin;     /* transactions before this one were finished at the last refresh */
    uint32_t xmax;     /* this one and later ones hadn't begun */
    uint32_t *running; /* the ones between that weren't finished */
    size_t n_running;
    struct table *last; /* found last */
};

/* The query whose result catalog_load takes. */
extern const char catalog_query[];

void catalog_init(struct catalog *c);
void catalog_free(struct catalog *c);
/*
 * Takes in the result of catalog_query. Definitions that were retired at or before `acknowledged`
 * are freed, so every table pointer dies. 0, or -1 and the catalog is as it was.
 */
int catalog_load(struct catalog *c, const PGresult *res, lsn_t acknowledged, struct err *e);
/* NULL: never heard of. May be a retired or unknown one. */
struct table *catalog_find(struct catalog *c, struct slice name);
/* true when the last refresh saw all that transaction xid did. */
bool catalog_covers(const struct catalog *c, uint32_t xid);
/* Adds a table that isn't there yet; all is copied. NULL: out of memory. */
struct table *catalog_add(struct catalog *c, struct slice name, char identity,
                          const struct slice *keys, uint32_t n_key);
/* Notes a name that isn't in the catalog. NULL: out of memory. */
struct table *catalog_note_unknown(struct catalog *c, struct slice name, lsn_t now);

#endif
