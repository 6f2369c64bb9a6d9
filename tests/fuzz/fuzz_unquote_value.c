/* fuzz_unquote_value.c - any bytes as a value to unquote, and as one that quotes are put around. */
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Every quote stands doubled, as between a value's quotes. */
static bool is_doubled(struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] == '\'' && (++i >= s.n || s.p[i] != '\''))
            return false;
    return true;
}

/* Whatever stands there: no byte outside of s is read or written. */
static void unquote_any_value(struct slice s)
{
    unsigned char *room = fuzz_room(s.n);
    struct td_column c = {.value = s, .kind = TD_TEXT, .doubled = true};
    size_t n = td_unquote_value(room, &c);
    struct buf again;

    HOLDS(n <= s.n);
    buf_init(&again, 2 * n + 3);
    print_quoted(&again, slice_of(room, n), '\'');
    HOLDS(!again.failed);
    if (is_doubled(s))
        HOLDS(slice_eq(slice_of(again.p + 1, again.n - 2), s));
    buf_free(&again);

    c.doubled = false;
    for (int kind = TD_NULL; kind <= TD_TEXT; kind++) {
        c.kind = (enum td_value)kind;
        HOLDS(slice_eq(slice_of(room, td_unquote_value(room, &c)), s));
    }
    free(room);
}

/* Put into quotes, s is a value to the parser, and unquoted is s again. */
static void quote_any_value(struct slice s)
{
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    struct buf row;

    buf_init(&row, 2 * s.n + 100);
    buf_puts(&row, "table public.t: INSERT: before[integer]:1 v[text]:");
    print_quoted(&row, s, '\'');
    buf_puts(&row, " after[text]:'''' flag[bit]:B'1'");
    const char *text = buf_cstr(&row);
    HOLDS(!row.failed);
    td_parser_init(&t);
    bool parsed = td_parse(&t, &c, (const unsigned char *)text, row.n, &e) == 0;
    HOLDS(parsed == (s.n == 0 || memchr(s.p, 0, s.n) == NULL));
    if (parsed) {
        HOLDS(c.new.n == 4);
        const struct td_column *v = &c.new.columns[1];
        unsigned char *room = fuzz_room(v->value.n);
        HOLDS(v->kind == TD_TEXT && v->value.n >= s.n);
        HOLDS(v->doubled == (s.n > 0 && memchr(s.p, '\'', s.n) != NULL));
        HOLDS(slice_eq(slice_of(room, td_unquote_value(room, v)), s));
        free(room);
    }
    td_parser_free(&t);
    buf_free(&row);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned char *copy = fuzz_copy(data, size);

    unquote_any_value(slice_of(copy, size));
    quote_any_value(slice_of(copy, size));
    free(copy);
    return 0;
}
