/* catalog.c - the primary-key cache: which columns identify a row of which table. */
#include "source/catalog.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/*
 * A row for each key column in key order, or one with a NULL column for a table without a key. The
 * last row, of table NULL, holds what the query's own snapshot saw as finished ("xmin:xmax:xip,…"),
 * and how far the WAL reached when the snapshot had been taken.
 */
const char catalog_query[] =
    "SELECT name, identity, key FROM ("
    "SELECT c.oid, k.place, format('%I.%I', n.nspname, c.relname) AS name,"
    " c.relreplident::text AS identity, quote_ident(a.attname) AS key"
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"
    " LEFT JOIN LATERAL unnest(i.indkey) WITH ORDINALITY k(attnum, place)"
    " ON k.place <= i.indnkeyatts"
    " LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum"
    " WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'"
    " AND n.nspname NOT IN ('pg_catalog', 'information_schema')"
    " UNION ALL"
    " SELECT NULL, NULL, NULL, txid_current_snapshot()::text,"
    " (CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"
    " ELSE pg_current_wal_insert_lsn() END)::text"
    ") t ORDER BY oid NULLS LAST, place";

enum { COL_NAME, COL_IDENTITY, COL_KEY, N_COLS };
enum { MAX_RUNNING = 1 << 20, KEYS_MOST = 1600 }; /* columns of a table, so of any key */

void catalog_init(struct catalog *c)
{
    *c = (struct catalog){0};
}

static void free_table(struct table *t)
{
    while (t) {
        struct table *older = t->older;
        free(t);
        t = older;
    }
}

void catalog_free(struct catalog *c)
{
    for (size_t i = 0; i < c->n_slots; i++)
        free_table(c->slots[i]);
    free(c->slots);
    free(c->running);
    catalog_init(c);
}

/* FNV-1a. */
static size_t hash_name(struct slice s)
{
    uint64_t h = 0xcbf29ce484222325u;

    for (size_t i = 0; i < s.n; i++)
        h = (h ^ s.p[i]) * 0x100000001b3u;
    return (size_t)(h ^ h >> 32);
}

/* The slot that holds the name, or the free one where it belongs. n_slots is not 0. */
static struct table **find_slot(struct table **slots, size_t n_slots, struct slice name)
{
    size_t i = hash_name(name) & (n_slots - 1);

    while (slots[i] && !slice_eq(slots[i]->name, name))
        i = (i + 1) & (n_slots - 1);
    return &slots[i];
}

struct table *catalog_find(struct catalog *c, struct slice name)
{
    if (c->last && slice_eq(c->last->name, name))
        return c->last;
    if (c->n_slots == 0)
        return NULL;
    struct table *t = *find_slot(c->slots, c->n_slots, name);
    if (t)
        c->last = t;
    return t;
}

/* Puts t in. The slots are at most half full, and one more fits: callers see to it. */
static void insert(struct catalog *c, struct table *t)
{
    struct table **slot = find_slot(c->slots, c->n_slots, t->name);

    assert(!*slot && (c->n + 1) * 2 <= c->n_slots);
    *slot = t;
    c->n++;
    if (t->retired == 0) {
        c->current++;
        c->with_key += t->n_key > 0;
    }
}

static bool make_slots(struct catalog *c, size_t tables)
{
    size_t n = 64;

    while (n < tables * 2)
        n *= 2;
    c->slots = calloc(n, sizeof *c->slots);
    c->n_slots = n;
    return c->slots != NULL;
}

/* A table with room behind it for its keys' names and its own. */
static struct table *make_table(struct slice name, uint32_t n_key, size_t name_bytes)
{
    struct table *t = calloc(1, sizeof *t + n_key * sizeof t->key[0] + name.n + name_bytes);

    if (!t)
        return NULL;
    unsigned char *p = (unsigned char *)&t->key[n_key];
    memcpy(p, name.p, name.n);
    t->name = slice_of(p, name.n);
    t->n_key = n_key;
    return t;
}

/* Room for one more table. false: out of memory. */
static bool make_room(struct catalog *c)
{
    struct catalog bigger = {0};

    if ((c->n + 1) * 2 <= c->n_slots)
        return true;
    if (!make_slots(&bigger, (c->n + 1) * 2))
        return false;
    for (size_t i = 0; i < c->n_slots; i++)
        if (c->slots[i])
            *find_slot(bigger.slots, bigger.n_slots, c->slots[i]->name) = c->slots[i];
    free(c->slots);
    c->slots = bigger.slots;
    c->n_slots = bigger.n_slots;
    return true;
}

struct table *catalog_note_unknown(struct catalog *c, struct slice name, lsn_t now)
{
    struct table *t = make_room(c) ? make_table(name, 0, 0) : NULL;

    if (!t)
        return NULL;
    t->unknown = true;
    t->retired = now;
    insert(c, t);
    return t;
}

struct table *catalog_add(struct catalog *c, struct slice name, char identity,
                          const struct slice *keys, uint32_t n_key)
{
    size_t bytes = 0;

    for (uint32_t i = 0; i < n_key; i++)
        bytes += keys[i].n;
    struct table *t = make_room(c) ? make_table(name, n_key, bytes) : NULL;
    if (!t)
        return NULL;
    t->replica_identity = identity;
    unsigned char *p = (unsigned char *)&t->key[n_key] + name.n;
    for (uint32_t i = 0; i < n_key; i++) {
        memcpy(p, keys[i].p, keys[i].n);
        t->key[i].name = slice_of(p, keys[i].n);
        p += keys[i].n;
    }
    insert(c, t);
    return t;
}

static struct slice cell(const PGresult *res, int row, int col)
{
    return slice_of(PQgetvalue(res, row, col), (size_t)PQgetlength(res, row, col));
}

/* The table whose rows are [from, to). false: out of memory. */
static bool add_table(struct catalog *c, const PGresult *res, int from, int to)
{
    struct slice keys[KEYS_MOST];
    uint32_t n = PQgetisnull(res, from, COL_KEY) ? 0 : (uint32_t)(to - from);

    assert(n <= KEYS_MOST);
    for (uint32_t i = 0; i < n; i++)
        keys[i] = cell(res, from + (int)i, COL_KEY);
    return catalog_add(c, cell(res, from, COL_NAME), PQgetvalue(res, from, COL_IDENTITY)[0], keys,
                       n) != NULL;
}

/* All current tables into c's fresh slots. */
static int read_tables(struct catalog *c, const PGresult *res, int n_rows, struct err *e)
{
    for (int from = 0, to; from < n_rows; from = to) {
        struct slice name = cell(res, from, COL_NAME);
        for (to = from + 1; to < n_rows && slice_eq(cell(res, to, COL_NAME), name);)
            to++;
        if (to - from > KEYS_MOST)
            return err_set(e, ERR_SOURCE, "catalog: a primary key of %d columns", to - from);
        if (!add_table(c, res, from, to))
            return err_set(e, ERR_SYSTEM, "no memory for the primary-key cache");
    }
    return 0;
}

/* A number at *p, and the separator after it. */
static bool read_xid(const char **p, uint64_t *out, char after)
{
    char *end;

    *out = strtoull(*p, &end, 10);
    if (end == *p || (*end != after && *end != 0))
        return false;
    *p = *end ? end + 1 : end;
    return true;
}

/* "xmin:xmax:xip,xip": what of the past was finished. Numbers carry an epoch in the upper half. */
static int read_snapshot(struct catalog *c, const char *text, struct err *e)
{
    const char *p = text;
    uint64_t xmin, xmax, xid;
    size_t commas = 1;

    if (!read_xid(&p, &xmin, ':') || !read_xid(&p, &xmax, ':'))
        return err_set(e, ERR_SOURCE, "catalog: not a snapshot: %s", text);
    c->xmin = (uint32_t)xmin;
    c->xmax = (uint32_t)xmax;
    for (const char *q = p; *q; q++)
        commas += *q == ',';
    if (*p == 0)
        return 0;
    if (commas > MAX_RUNNING || !(c->running = calloc(commas, sizeof *c->running)))
        return err_set(e, ERR_SYSTEM, "no memory for %zu running transactions", commas);
    while (*p) {
        if (!read_xid(&p, &xid, ','))
            return err_set(e, ERR_SOURCE, "catalog: not a snapshot: %s", text);
        c->running[c->n_running++] = (uint32_t)xid;
    }
    return 0;
}

/* a is before b, on the circle of 32-bit transaction ids. */
static bool xid_before(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) < 0;
}

bool catalog_covers(const struct catalog *c, uint32_t xid)
{
    if (!c->loaded)
        return false;
    if (xid == 0 || xid_before(xid, c->xmin))
        return true;
    if (!xid_before(xid, c->xmax))
        return false;
    for (size_t i = 0; i < c->n_running; i++)
        if (c->running[i] == xid)
            return false;
    return true;
}

static bool same_definition(const struct table *a, const struct table *b)
{
    if (a->unknown || a->n_key != b->n_key || a->replica_identity != b->replica_identity)
        return false;
    for (uint32_t i = 0; i < a->n_key; i++)
        if (!slice_eq(a->key[i].name, b->key[i].name))
            return false;
    return true;
}

/* Drops the definitions that no row can need any more; returns what is left of the chain. */
static struct table *prune(struct table *t, lsn_t acknowledged)
{
    struct table **link = &t;

    while (*link) {
        struct table *was = *link;
        if (was->retired != 0 && was->retired <= acknowledged) {
            *link = was->older;
            free(was);
        } else {
            link = &was->older;
        }
    }
    return t;
}

/* Old definitions go behind new ones; `now` is when those that end here ended. */
static void merge(struct catalog *fresh, struct catalog *old, lsn_t now, lsn_t acknowledged)
{
    for (size_t i = 0; i < old->n_slots; i++) {
        struct table *was = old->slots[i];
        if (!was)
            continue;
        old->slots[i] = NULL;
        struct table **slot = find_slot(fresh->slots, fresh->n_slots, was->name);
        struct table *is = *slot;
        if (is && was->retired == 0 && same_definition(was, is)) {
            is->said = was->said;
            is->said_no_old_key = was->said_no_old_key;
            is->older = prune(was->older, acknowledged);
            free(was);
            continue;
        }
        if (was->retired == 0)
            was->retired = now;
        was = prune(was, acknowledged);
        if (is)
            is->older = was;
        else if (was)
            insert(fresh, was);
    }
}

int catalog_load(struct catalog *c, const PGresult *res, lsn_t acknowledged, struct err *e)
{
    struct catalog fresh = {0};
    lsn_t now;
    int last = PQntuples(res) - 1;

    if (PQnfields(res) != N_COLS || last < 0 || !PQgetisnull(res, last, COL_NAME) ||
        !lsn_parse(&now, cell(res, last, COL_KEY)))
        return err_set(e, ERR_SOURCE, "catalog: not the answer to the question");
    if (!make_slots(&fresh, (size_t)last + c->n + 1))
        return err_set(e, ERR_SYSTEM, "no memory for the primary-key cache");
    if (read_snapshot(&fresh, PQgetvalue(res, last, COL_IDENTITY), e) < 0 ||
        read_tables(&fresh, res, last, e) < 0) {
        catalog_free(&fresh);
        return -1;
    }
    merge(&fresh, c, now, acknowledged);
    fresh.loaded = true;
    catalog_free(c);
    *c = fresh;
    return 0;
}
