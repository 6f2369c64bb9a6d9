/*
 * fuzz_row.c - any bytes as a row: parsed, printed back, recovered, unquoted, and nothing read
 * outside of it.
 */
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLUMN_ROOM = 64 }; /* bytes that printing adds to a row's own, and more */

/* Whatever a slice says must lie in the row. */
static void row_holds(struct slice row, struct slice s)
{
    HOLDS(s.n == 0 || (s.p >= row.p && s.n <= row.n && s.p <= row.p + (row.n - s.n)));
}

static bool same_slices(const struct td_column *a, const struct td_column *b)
{
    return slice_eq(a->name, b->name) && slice_eq(a->type, b->type) &&
           slice_eq(a->value, b->value) && a->kind == b->kind && a->doubled == b->doubled;
}

static bool same_tuple(const struct td_tuple *a, const struct td_tuple *b)
{
    if (a->n != b->n || a->present != b->present)
        return false;
    for (uint32_t i = 0; i < a->n; i++)
        if (!same_slices(&a->columns[i], &b->columns[i]))
            return false;
    return true;
}

static bool same_change(const struct td_change *a, const struct td_change *b)
{
    for (uint32_t i = 0; i < a->n_relations && a->n_relations == b->n_relations; i++)
        if (!slice_eq(a->relations[i].schema, b->relations[i].schema) ||
            !slice_eq(a->relations[i].table, b->relations[i].table))
            return false;
    return a->kind == b->kind && a->has_xid == b->has_xid && a->xid == b->xid &&
           slice_eq(a->time, b->time) && slice_eq(a->gid, b->gid) &&
           a->n_relations == b->n_relations && same_tuple(&a->old, &b->old) &&
           same_tuple(&a->new, &b->new) && a->restart_seqs == b->restart_seqs &&
           a->cascade == b->cascade && a->message.transactional == b->message.transactional &&
           slice_eq(a->message.prefix, b->message.prefix) &&
           slice_eq(a->message.content, b->message.content);
}

/* A number with a zero in front, which PostgreSQL doesn't print and the parser doesn't mind. */
static bool zero_in_front(struct slice row)
{
    for (size_t i = 0; i + 2 < row.n; i++)
        if (row.p[i] == ' ' && row.p[i + 1] == '0' && row.p[i + 2] >= '0' && row.p[i + 2] <= '9')
            return true;
    return false;
}

/*
 * The row printed from the change is the row. Outside of INSERT, UPDATE and DELETE the parser also
 * reads a few forms that no server prints (flags in another order, a size that doesn't fit): then
 * the printed row must say the same.
 */
static void print_back(const struct td_change *c, struct slice row)
{
    struct buf b;
    struct td_parser again;
    struct td_change other;
    struct td_error e;

    buf_init(&b, row.n + COLUMN_ROOM);
    print_change(&b, c);
    HOLDS(!b.failed);
    if (!slice_eq(buf_slice(&b), row)) {
        HOLDS(c->kind != TD_INSERT && c->kind != TD_UPDATE && c->kind != TD_DELETE);
        td_parser_init(&again);
        if (!zero_in_front(row)) {
            const char *text = buf_cstr(&b);
            HOLDS(td_parse(&again, &other, (const unsigned char *)text, b.n, &e) == 0);
            HOLDS(same_change(c, &other));
        }
        td_parser_free(&again);
    }
    buf_free(&b);
}

static void use_tuple(const struct td_parser *t, const struct td_tuple *tuple, unsigned char *room,
                      struct slice row)
{
    HOLDS(tuple->present || tuple->n == 0);
    HOLDS(tuple->n == 0 || (tuple->columns >= t->columns &&
                            tuple->columns + tuple->n <= t->columns + t->columns_cap));
    for (uint32_t i = 0; i < tuple->n; i++) {
        const struct td_column *c = &tuple->columns[i];
        row_holds(row, c->name);
        row_holds(row, c->type);
        row_holds(row, c->value);
        HOLDS(c->name.n > 0 && c->type.n > 0 && c->kind <= TD_TEXT);
        HOLDS(!c->doubled || (c->kind == TD_TEXT && memchr(c->value.p, '\'', c->value.n)));
        HOLDS(td_unquote_name(room, c->name) <= c->name.n);
        HOLDS(td_unquote_value(room, c) <= c->value.n);
        HOLDS(td_find_column(tuple, c->name, i) == c);
    }
}

static void use_change(struct td_parser *t, struct td_change *c, struct slice row)
{
    unsigned char *room = fuzz_room(row.n);

    for (uint32_t i = 0; i < c->n_relations; i++) {
        const struct td_relation *r = &c->relations[i];
        row_holds(row, r->name);
        HOLDS(r->schema.n > 0 && r->table.n > 0 && r->name.n == r->schema.n + 1 + r->table.n);
        HOLDS(r->schema.p == r->name.p && r->table.p == r->name.p + r->schema.n + 1);
        td_unquote_name(room, r->schema);
        td_unquote_name(room, r->table);
    }
    HOLDS(c->n_relations <= t->relations_cap && c->old.n + c->new.n <= TD_MAX_COLUMNS);
    print_back(c, row);
    td_recover_unchanged(t, c);
    use_tuple(t, &c->old, room, row);
    use_tuple(t, &c->new, room, row);
    row_holds(row, c->time);
    row_holds(row, c->gid);
    row_holds(row, c->message.prefix);
    row_holds(row, c->message.content);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *row = fuzz_room(size + 1); /* with the NUL that must follow */
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    char excerpt[128];

    if (size > 0)
        memcpy(row, data, size);
    row[size] = 0;
    td_parser_init(&t);
    for (int converted = 0; converted < 2; converted++) {
        t.converted = converted;
        if (td_parse(&t, &c, row, size, &e) == 0) {
            use_change(&t, &c, slice_of(row, size));
            continue;
        }
        HOLDS(e.offset <= size && e.want && *e.want);
        td_error_excerpt(excerpt, sizeof excerpt, row, size, &e);
        HOLDS(memchr(excerpt, 0, sizeof excerpt) && strchr(excerpt, '\n'));
    }
    td_parser_free(&t);
    free(row);
    return 0;
}
