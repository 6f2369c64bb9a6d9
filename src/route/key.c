/* key.c - which row a change is about: its key's columns, before and after. */
#include "route/key.h"

#include "decode/parser.h"

static const struct td_column *find(const struct td_tuple *tuple, struct table_key *key)
{
    const struct td_column *c = td_find_column(tuple, key->name, key->hint);

    if (c)
        key->hint = (uint32_t)(c - tuple->columns);
    return c;
}

/*
 * The key as far as a tuple has it: every column, with a value. Without one of the columns it is
 * KEY_MISSING; with a column whose value stayed in TOAST, KEY_NOT_LOGGED.
 */
static enum key_result key_of(struct row_key *out, const struct td_tuple *tuple, struct table *t,
                              struct slice *missing)
{
    out->n = 0;
    for (uint32_t i = 0; i < t->n_key; i++) {
        const struct td_column *c = find(tuple, &t->key[i]);
        if (!c || c->kind == TD_UNCHANGED || c->kind == TD_NULL) {
            *missing = t->key[i].name;
            out->n = 0;
            return c && c->kind == TD_UNCHANGED ? KEY_NOT_LOGGED : KEY_MISSING;
        }
        out->column[out->n++] = c;
    }
    return KEY_FOUND;
}

static bool same_key(const struct row_key *a, const struct row_key *b)
{
    for (uint32_t i = 0; i < a->n; i++)
        if (a->column[i]->kind != b->column[i]->kind ||
            !slice_eq(a->column[i]->value, b->column[i]->value))
            return false;
    return true;
}

/* Whether a DELETE of t prints its primary key: d prints just that, f the whole row. */
static bool logs_key(const struct table *t)
{
    return t->replica_identity == 'd' || t->replica_identity == 'f';
}

enum key_result route_key(struct row_keys *out, const struct td_change *c, struct table *t,
                          struct slice *missing)
{
    out->moved = false;
    out->now.n = out->was.n = 0;
    if (t->n_key == 0)
        return KEY_FOUND; /* nothing is known of it, and that is all right: table.keyless */
    if (t->n_key > KEY_MAX) {
        *missing = t->key[KEY_MAX].name;
        return KEY_MISSING;
    }
    if (c->kind == TD_DELETE) {
        if (!c->old.present)
            return KEY_NOT_LOGGED;
        enum key_result got = key_of(&out->now, &c->old, t, missing);
        return got == KEY_MISSING && !logs_key(t) ? KEY_NOT_LOGGED : got;
    }
    enum key_result got = key_of(&out->now, &c->new, t, missing);
    if (got != KEY_FOUND)
        return got;
    if (c->kind == TD_UPDATE && c->old.present) {
        /* An old image without the key is that of another index: then nothing is known of it. */
        struct slice ignored;
        if (key_of(&out->was, &c->old, t, &ignored) == KEY_FOUND)
            out->moved = !same_key(&out->now, &out->was);
    }
    return KEY_FOUND;
}
