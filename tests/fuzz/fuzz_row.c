/* fuzz_row.c - any bytes as a row: parsed, recovered, unquoted, and nothing read outside of it. */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "decode/parser.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever a slice says must lie in the row. */
static void inside(struct slice s, const unsigned char *row, size_t n)
{
    assert(s.n == 0 || (s.p >= row && s.p + s.n <= row + n));
    (void)s;
    (void)row;
    (void)n;
}

static void use_tuple(const struct td_tuple *t, unsigned char *room, const unsigned char *row,
                      size_t n)
{
    assert(t->present || t->n == 0);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct td_column *c = &t->columns[i];
        inside(c->name, row, n);
        inside(c->type, row, n);
        inside(c->value, row, n);
        size_t name = td_unquote_name(room, c->name);
        size_t value = td_unquote_value(room, c);
        assert(name <= c->name.n && value <= c->value.n);
        (void)name;
        (void)value;
        const struct td_column *found = td_find_column(t, c->name, i);
        assert(found == c);
        (void)found;
    }
}

static void use(struct td_parser *t, struct td_change *c, const unsigned char *row, size_t n)
{
    unsigned char *room = malloc(n + 1);

    if (!room)
        abort();
    td_recover_unchanged(t, c);
    for (uint32_t i = 0; i < c->n_relations; i++) {
        inside(c->relations[i].name, row, n);
        td_unquote_name(room, c->relations[i].schema);
        td_unquote_name(room, c->relations[i].table);
    }
    use_tuple(&c->old, room, row, n);
    use_tuple(&c->new, room, row, n);
    inside(c->time, row, n);
    inside(c->gid, row, n);
    inside(c->message.prefix, row, n);
    inside(c->message.content, row, n);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *row = malloc(size + 1); /* ends where the row ends, so that ASan sees all */
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    char excerpt[128];

    if (!row)
        abort();
    if (size > 0)
        memcpy(row, data, size);
    row[size] = 0;
    td_parser_init(&t);
    for (int converted = 0; converted < 2; converted++) {
        t.converted = converted;
        if (td_parse(&t, &c, row, size, &e) == 0) {
            use(&t, &c, row, size);
            continue;
        }
        assert(e.offset <= size && e.want && *e.want);
        td_error_excerpt(excerpt, sizeof excerpt, row, size, &e);
    }
    td_parser_free(&t);
    free(row);
    return 0;
}
