/* fuzz_unquote_name.c - any bytes as a name to unquote, and as one that quotes are put around. */
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* In quotes, with every quote within doubled. */
static bool is_quoted_name(struct slice s)
{
    if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"')
        return false;
    for (size_t i = 1; i + 1 < s.n; i++)
        if (s.p[i] == '"' && (++i + 1 >= s.n || s.p[i] != '"'))
            return false;
    return true;
}

/* Whatever stands there: no byte outside of s is read or written. */
static void unquote_any_name(struct slice s)
{
    unsigned char *room = fuzz_room(s.n);
    size_t n = td_unquote_name(room, s);
    struct buf again;

    HOLDS(n <= s.n);
    buf_init(&again, 2 * n + 3);
    if (is_quoted_name(s)) {
        HOLDS(n <= s.n - 2);
        print_quoted(&again, slice_of(room, n), '"');
        HOLDS(!again.failed && slice_eq(buf_slice(&again), s));
    } else if (s.n == 0 || s.p[0] != '"') {
        HOLDS(slice_eq(slice_of(room, n), s));
    }
    buf_free(&again);
    free(room);
}

/* Put into quotes, s is a name to the parser, and unquoted is s again. */
static void quote_any_name(struct slice s)
{
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    struct buf row, name;

    buf_init(&name, 2 * s.n + 3);
    print_quoted(&name, s, '"');
    HOLDS(!name.failed);
    unsigned char *room = fuzz_room(name.n);
    HOLDS(slice_eq(slice_of(room, td_unquote_name(room, buf_slice(&name))), s));

    buf_init(&row, 3 * name.n + 100);
    buf_puts(&row, "table ");
    buf_put_slice(&row, buf_slice(&name));
    buf_putc(&row, '.');
    buf_put_slice(&row, buf_slice(&name));
    buf_puts(&row, ": DELETE: ");
    buf_put_slice(&row, buf_slice(&name));
    buf_puts(&row, "[integer]:1");
    const char *text = buf_cstr(&row);
    td_parser_init(&t);
    bool parsed = td_parse(&t, &c, (const unsigned char *)text, row.n, &e) == 0;
    HOLDS(parsed == (s.n > 0 && memchr(s.p, 0, s.n) == NULL));
    if (parsed)
        HOLDS(c.n_relations == 1 && slice_eq(c.relations[0].schema, buf_slice(&name)) &&
              slice_eq(c.relations[0].table, buf_slice(&name)) && c.old.n == 1 &&
              slice_eq(c.old.columns[0].name, buf_slice(&name)));
    td_parser_free(&t);
    buf_free(&row);
    buf_free(&name);
    free(room);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *copy = fuzz_copy(data, size);

    unquote_any_name(slice_of(copy, size));
    quote_any_name(slice_of(copy, size));
    free(copy);
    return 0;
}
