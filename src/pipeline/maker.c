/* maker.c - makes the records of one row: parses it, finds its key, formats it. */
#include "pipeline/maker.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "route/key.h"

enum { KEEP_BYTES = 1 << 20 };
static const size_t record_most = (size_t)3
                                  << 30; /* a row's text is at most 1 GB, JSON escapes it */

void maker_init(struct maker *m, const struct pipeline_config *cfg, struct source *source,
                const struct format_ops *format, struct pipeline_counts *counts)
{
    *m = (struct maker){.cfg = cfg, .source = source, .format = format, .counts = counts};
    td_parser_init(&m->parser);
    buf_init(&m->key, record_most);
    buf_init(&m->keys, record_most);
    buf_init(&m->data, record_most);
}

void maker_free(struct maker *m)
{
    td_parser_free(&m->parser);
    buf_free(&m->key);
    buf_free(&m->keys);
    buf_free(&m->data);
    free(m->made);
}

struct slice maker_key(const struct maker *m, const struct made *made)
{
    return slice_of(m->keys.p + made->key_at, made->key_n);
}

struct slice maker_data(const struct maker *m, const struct made *made)
{
    return slice_of(m->data.p + made->data_at, made->data_n);
}

/* Empties b, and gives back what one huge row made it take. */
static void recycle(struct buf *b)
{
    if (b->cap > KEEP_BYTES)
        buf_free(b);
    buf_clear(b);
}

static struct made *made_room(struct maker *m)
{
    if (m->n_made == m->made_cap) {
        uint32_t cap = m->made_cap ? m->made_cap * 2 : 8;
        struct made *p = realloc(m->made, cap * sizeof *p);
        if (!p)
            return NULL;
        m->made = p;
        m->made_cap = cap;
    }
    return &m->made[m->n_made];
}

/* 1 made, 0 the format has nothing to say, -1. */
static int make_record(struct maker *m, const struct event *ev, struct err *e)
{
    struct made *r = made_room(m);

    if (!r)
        return err_set(e, ERR_SYSTEM, "out of memory");
    r->index = ev->index;
    r->data_at = m->data.n;
    int got = m->format->emit(&m->data, ev, e);
    if (got <= 0)
        return got;
    r->data_n = m->data.n - r->data_at;
    partition_key(&m->key, &m->cfg->partition, ev);
    r->key_at = m->keys.n;
    r->key_n = m->key.n;
    buf_put_slice(&m->keys, buf_slice(&m->key));
    if (m->key.failed || m->keys.failed)
        return err_set(e, ERR_SYSTEM, "out of memory");
    m->n_made++;
    return 1;
}

static void count_unpublished(struct maker *m, struct table *t)
{
    if (t->unknown)
        m->counts->unknown++;
    else
        m->counts->unkeyed++;
    if (t->said)
        return;
    t->said = true;
    log_warn(t->unknown
                 ? "table is not in the catalog (dropped or renamed since), so its key isn't "
                   "known; its changes are not published"
                 : "table has no primary key; its changes are not published",
             LSTR("slot", m->cfg->slot), LSLICE("table", t->name));
}

/* The row can't be used as the catalog stands, and nothing newer helps: stop with its place. */
static int key_missing(const struct maker *m, const struct txn *t, const struct txn_row *row,
                       const struct td_change *c, struct slice column, struct err *e)
{
    char want[256], at[LSN_TEXT];
    struct td_error why = {.want = want};
    const struct td_relation *r = c->relations;

    snprintf(
        want, sizeof want,
        "the key column %.*s of %.*s with a value (was the table altered since? This change is "
        "of the transaction that ends at %s)",
        (int)(column.n < 64 ? column.n : 64), (const char *)column.p,
        (int)(r->name.n < 64 ? r->name.n : 64), (const char *)r->name.p, lsn_text(at, t->lsn));
    why.offset = (size_t)(r->name.p - row->text.p);
    return m->source->ops->complain(m->source, row, &why, e);
}

/*
 * The keys of a change by the definition of its table, or by an older one if the row was written
 * under that. 1, 0 the catalog has to be asked first, -1.
 */
static int find_keys(struct maker *m, struct row_keys *keys, const struct txn *t,
                     const struct txn_row *row, const struct td_change *c, struct table *table,
                     struct err *e)
{
    struct slice missing;
    enum key_result got = route_key(keys, c, table, &missing);

    if (got == KEY_MISSING && m->source->ops->renew(m->source, t->xid))
        return 0;
    for (struct table *older = table->older; got == KEY_MISSING && older; older = older->older) {
        struct slice ignored;
        if (older->n_key > 0)
            got = route_key(keys, c, older, &ignored);
    }
    if (got == KEY_MISSING)
        return key_missing(m, t, row, c, missing, e);
    /* Under NOTHING nothing is printed of the old row, under another index not the key. */
    bool unseen = c->kind == TD_UPDATE && keys->was.n == 0 && table->n_key > 0 &&
                  (c->old.present || table->replica_identity == 'n');
    if ((got == KEY_NOT_LOGGED || unseen) && !table->said_no_old_key) {
        table->said_no_old_key = true;
        log_warn("table's replica identity doesn't log its primary key: DELETEs come without a "
                 "key, and an UPDATE of the key is not told from others",
                 LSTR("slot", m->cfg->slot), LSLICE("table", table->name));
    }
    return 1;
}

static enum event_op operation(enum td_kind kind)
{
    return kind == TD_INSERT ? OP_INSERT : kind == TD_UPDATE ? OP_UPDATE : OP_DELETE;
}

/* An UPDATE that moves a row to another key is two records: the old row ends, a new one begins. */
static int make_move(struct maker *m, struct event *ev, const struct row_keys *keys,
                     const struct td_change *c, struct err *e)
{
    ev->op = OP_DELETE;
    ev->key = keys->was.column;
    ev->n_key = keys->was.n;
    ev->old = &c->old;
    if (make_record(m, ev, e) < 0)
        return -1;
    ev->op = OP_INSERT;
    ev->index++;
    ev->key = keys->now.column;
    ev->n_key = keys->now.n;
    ev->old = NULL;
    ev->new = &c->new;
    return make_record(m, ev, e) < 0 ? -1 : 1;
}

static int make_change(struct maker *m, struct event *ev, const struct txn *t,
                       const struct txn_row *row, const struct td_change *c, struct err *e)
{
    struct table *table;
    struct row_keys keys;

    if (!m->source->ops->table(m->source, c->relations->name, t->xid, &table))
        return 0;
    if (table->n_key == 0 && !table->keyless)
        return count_unpublished(m, table), 1;
    int got = find_keys(m, &keys, t, row, c, table, e);
    if (got <= 0)
        return got;
    ev->relation = c->relations;
    if (keys.moved)
        return make_move(m, ev, &keys, c, e);
    ev->op = operation(c->kind);
    ev->key = keys.now.column;
    ev->n_key = keys.now.n;
    ev->new = c->new.present ? &c->new : NULL;
    ev->old = c->old.present ? &c->old : NULL;
    return make_record(m, ev, e) < 0 ? -1 : 1;
}

static int make_truncate(struct maker *m, struct event *ev, const struct txn *t,
                         const struct td_change *c, struct err *e)
{
    struct table *table;

    for (uint32_t i = 0; i < c->n_relations; i++)
        if (!m->source->ops->table(m->source, c->relations[i].name, t->xid, &table))
            return 0;
    ev->op = OP_TRUNCATE;
    for (uint32_t i = 0; i < c->n_relations; i++, ev->index++) {
        m->source->ops->table(m->source, c->relations[i].name, t->xid, &table);
        if (table->n_key == 0 && !table->keyless) {
            count_unpublished(m, table);
            continue;
        }
        ev->relation = &c->relations[i];
        if (make_record(m, ev, e) < 0)
            return -1;
    }
    return 1;
}

/* What a row takes up of its transaction's indexes. */
static uint64_t width(const struct td_change *c)
{
    if (c->kind == TD_TRUNCATE)
        return c->n_relations;
    return c->kind == TD_UPDATE && c->old.present ? 2 : 1;
}

static int make_event(struct maker *m, const struct txn *t, const struct txn_row *row,
                      const struct td_change *c, uint64_t index, struct err *e)
{
    struct event ev = {.lsn = t->lsn, .index = index, .xid = t->xid, .time = t->time};

    switch (c->kind) {
    case TD_INSERT:
    case TD_UPDATE:
    case TD_DELETE:
        return make_change(m, &ev, t, row, c, e);
    case TD_TRUNCATE:
        return make_truncate(m, &ev, t, c, e);
    case TD_MESSAGE:
        ev.op = OP_MESSAGE;
        ev.message = &c->message;
        return make_record(m, &ev, e) < 0 ? -1 : 1;
    case TD_BEGIN:
    case TD_COMMIT:
    case TD_PREPARE:
    case TD_COMMIT_PREPARED:
    case TD_ROLLBACK_PREPARED:
        break;
    }
    return m->source->ops->complain(m->source, row,
                                    &(struct td_error){.want = "a change inside a transaction"}, e);
}

int maker_row(struct maker *m, const struct txn *t, const struct txn_row *row, uint64_t *index,
              struct err *e)
{
    struct td_change c;
    struct td_error why;

    recycle(&m->key);
    recycle(&m->keys);
    recycle(&m->data);
    m->n_made = 0;
    m->parser.converted = m->source->ops->converts(m->source);
    if (td_parse(&m->parser, &c, row->text.p, row->text.n, &why) < 0)
        return m->source->ops->complain(m->source, row, &why, e);
    td_recover_unchanged(&m->parser, &c);
    int got = make_event(m, t, row, &c, *index, e);
    if (got > 0) {
        *index += width(&c);
        m->counts->changes++;
    }
    return got;
}
