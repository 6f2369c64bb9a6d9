/* test_parser_property.c - random rows, parsed, printed back, and compared with what was meant. */
#include <inttypes.h>
#include <stdlib.h>

#include "unit/helpers.h"
#include "unit/printer.h"
#include "unit/suites.h"

enum { ROWS = 20000 };

/* A row as test_decoding prints it, and apart from it the names and values that were meant. */
struct meant {
    struct rng rng;
    struct buf row;
    struct buf raw; /* of each column: name, NUL, value, NUL */
};

/* 1 to most bytes into out, of letters or of whatever might be taken for something else. */
static struct slice random_text(struct rng *r, unsigned char *out, uint32_t least, uint32_t most)
{
    static const char nasty[] = "'\"[]:.,() \n\t\\\r\x01\x7f\xc3\xa9\xff"
                                "aB0_-";
    size_t n = least + rng_below(r, most - least + 1);
    bool plain = rng_below(r, 2) == 0;

    for (size_t i = 0; i < n; i++)
        out[i] = plain ? (unsigned char)('a' + rng_below(r, 26))
                       : (unsigned char)nasty[rng_below(r, sizeof nasty - 1)];
    return slice_of(out, n);
}

/* As quote_identifier does. */
static void put_identifier(struct buf *b, struct slice s)
{
    bool safe = (s.p[0] >= 'a' && s.p[0] <= 'z') || s.p[0] == '_';

    for (size_t i = 0; i < s.n; i++)
        safe &=
            (s.p[i] >= 'a' && s.p[i] <= 'z') || (s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_';
    if (safe)
        buf_put_slice(b, s);
    else
        print_quoted(b, s, '"');
}

static void put_random_name(struct meant *m, struct slice *name, unsigned char *room)
{
    static const char *const words[] = {"old-key:", "new-tuple:", "(no-tuple-data)", "null", "id",
                                        " INSERT:", "B'1'"};

    if (rng_below(&m->rng, 4) == 0) {
        *name = slice_str(words[rng_below(&m->rng, sizeof words / sizeof *words)]);
    } else {
        *name = random_text(&m->rng, room, 1, 12);
    }
    put_identifier(&m->row, *name);
}

static void put_random_type(struct meant *m)
{
    static const char *const plain[] = {"integer",     "timestamp with time zone",
                                        "text",        "\"char\"",
                                        "bit varying", "character varying[]"};
    unsigned char room[16];
    uint32_t pick = rng_below(&m->rng, 9);

    if (pick < sizeof plain / sizeof *plain) {
        buf_puts(&m->row, plain[pick]);
        return;
    }
    if (pick < 8) {
        put_identifier(&m->row, random_text(&m->rng, room, 1, 8));
        buf_putc(&m->row, '.');
    }
    put_identifier(&m->row, random_text(&m->rng, room, 1, 8));
    if (rng_below(&m->rng, 2))
        buf_puts(&m->row, "[]");
}

static void put_random_value(struct meant *m)
{
    static const char *const bare[] = {"null",
                                       "unchanged-toast-datum",
                                       "true",
                                       "false",
                                       "NaN",
                                       "Infinity",
                                       "-Infinity",
                                       "0",
                                       "-1",
                                       "12.50",
                                       "1e-300",
                                       "-1.5e+30",
                                       "9223372036854775807"};
    unsigned char room[64];
    uint32_t pick = rng_below(&m->rng, 26);

    if (pick < sizeof bare / sizeof *bare) {
        buf_puts(&m->row, bare[pick]);
        buf_puts(&m->raw, bare[pick]);
    } else if (pick < 16) {
        buf_puts(&m->row, "B'");
        for (uint32_t n = rng_below(&m->rng, 9); n > 0; n--) {
            char bit = (char)('0' + rng_below(&m->rng, 2));
            buf_putc(&m->row, bit);
            buf_putc(&m->raw, bit);
        }
        buf_putc(&m->row, '\'');
    } else {
        struct slice s = random_text(&m->rng, room, 0, sizeof room);
        print_quoted(&m->row, s, '\'');
        buf_put_slice(&m->raw, s);
    }
    buf_putc(&m->raw, 0);
}

static void put_random_columns(struct meant *m)
{
    for (uint32_t n = rng_below(&m->rng, 7); n > 0; n--) {
        unsigned char room[16];
        struct slice name;
        buf_putc(&m->row, ' ');
        put_random_name(m, &name, room);
        buf_put_slice(&m->raw, name);
        buf_putc(&m->raw, 0);
        buf_putc(&m->row, '[');
        put_random_type(m);
        buf_puts(&m->row, "]:");
        put_random_value(m);
    }
}

static void put_random_relation(struct meant *m)
{
    unsigned char room[16];
    struct slice name;

    put_random_name(m, &name, room);
    buf_putc(&m->row, '.');
    put_random_name(m, &name, room);
}

static void put_random_truncate(struct meant *m)
{
    uint32_t flags = rng_below(&m->rng, 4);

    for (uint32_t n = rng_below(&m->rng, 4); n > 0; n--) {
        buf_puts(&m->row, ", ");
        put_random_relation(m);
    }
    buf_puts(&m->row, ": TRUNCATE:");
    buf_puts(&m->row, flags & 1 ? " restart_seqs" : "");
    buf_puts(&m->row, flags & 2 ? " cascade" : "");
    buf_puts(&m->row, flags ? "" : " (no-flags)");
}

static void put_random_table(struct meant *m)
{
    buf_puts(&m->row, "table ");
    put_random_relation(m);
    switch (rng_below(&m->rng, 5)) {
    case 0:
        buf_puts(&m->row, ": INSERT:");
        put_random_columns(m);
        break;
    case 1:
        buf_puts(&m->row, ": UPDATE:");
        put_random_columns(m);
        break;
    case 2:
        buf_puts(&m->row, ": UPDATE: old-key:");
        put_random_columns(m);
        buf_puts(&m->row, " new-tuple:");
        put_random_columns(m);
        break;
    case 3:
        buf_puts(&m->row, ": DELETE:");
        if (rng_below(&m->rng, 4) == 0)
            buf_puts(&m->row, " (no-tuple-data)");
        else
            put_random_columns(m);
        break;
    default:
        put_random_truncate(m);
    }
}

static void put_random_mark(struct meant *m)
{
    static const char *const heads[] = {"BEGIN", "COMMIT", "PREPARE TRANSACTION ",
                                        "COMMIT PREPARED ", "ROLLBACK PREPARED "};
    uint32_t pick = rng_below(&m->rng, 5);
    unsigned char room[16];

    buf_puts(&m->row, heads[pick]);
    if (pick >= 2)
        print_quoted(&m->row, random_text(&m->rng, room, 0, 12), '\'');
    if (rng_below(&m->rng, 4))
        buf_printf(&m->row, "%s%" PRIu32, pick >= 2 ? ", txid " : " ", (uint32_t)rng_next(&m->rng));
    if (pick != 0 && rng_below(&m->rng, 4))
        buf_puts(&m->row, " (at 2026-11-21 02:13:46.123456+00)");
}

static void put_random_message(struct meant *m)
{
    unsigned char prefix[32], content[64];
    struct slice s = random_text(&m->rng, prefix, 0, sizeof prefix);
    size_t n = rng_below(&m->rng, sizeof content);

    for (size_t i = 0; i < n; i++)
        content[i] = (unsigned char)rng_below(&m->rng, 256);
    buf_printf(&m->row, "message: transactional: %u prefix: ", rng_below(&m->rng, 2));
    buf_put_slice(&m->row, s);
    if (rng_below(&m->rng, 4) == 0)
        buf_puts(&m->row, ", sz: 99 content:");
    buf_printf(&m->row, ", sz: %zu content:", n);
    buf_put(&m->row, content, n);
}

static void put_raw(struct buf *b, const struct td_tuple *t)
{
    for (uint32_t i = 0; i < t->n; i++) {
        const struct td_column *c = &t->columns[i];
        MUST(buf_reserve(b, c->name.n + c->value.n + 2) == 0);
        b->n += td_unquote_name(b->p + b->n, c->name);
        buf_putc(b, 0);
        b->n += td_unquote_value(b->p + b->n, c);
        buf_putc(b, 0);
    }
}

static void check_row(struct td_parser *t, const struct meant *m, struct buf *again)
{
    unsigned char *row = exact_copy(m->row.p, m->row.n);
    struct td_change c;
    struct td_error e;

    if (td_parse(t, &c, row, m->row.n, &e) < 0)
        ck_abort_msg("seed %" PRIu64 ": at %zu: expected %s: %s", m->rng.seed, e.offset, e.want,
                     row);
    buf_clear(again);
    print_change(again, &c);
    MUST_SAY(slice_eq(buf_slice(again), buf_slice(&m->row)), "seed %" PRIu64 ": %s\nprinted: %s",
             m->rng.seed, row, buf_cstr(again));
    buf_clear(again);
    put_raw(again, &c.old);
    put_raw(again, &c.new);
    MUST_SAY(slice_eq(buf_slice(again), buf_slice(&m->raw)), "seed %" PRIu64 ": values: %s",
             m->rng.seed, row);
    free(row);
}

START_TEST(printed_back_equal)
{
    struct meant m;
    struct td_parser t;
    struct buf again;

    rng_init(&m.rng, "parser");
    td_parser_init(&t);
    buf_init(&m.row, 1 << 16);
    buf_init(&m.raw, 1 << 16);
    buf_init(&again, 1 << 16);
    for (unsigned i = 0; i < ROWS; i++) {
        buf_clear(&m.row);
        buf_clear(&m.raw);
        uint32_t what = rng_below(&m.rng, 10);
        if (what == 0)
            put_random_mark(&m);
        else if (what == 1)
            put_random_message(&m);
        else
            put_random_table(&m);
        MUST(!m.row.failed && !m.raw.failed);
        check_row(&t, &m, &again);
    }
    td_parser_free(&t);
    buf_free(&m.row);
    buf_free(&m.raw);
    buf_free(&again);
}
END_TEST

Suite *suite_parser_property(void)
{
    Suite *s = suite_create("parser_property");
    TCase *t = tcase_create("property");

    tcase_set_timeout(t, 20);
    tcase_add_test(t, printed_back_equal);
    suite_add_tcase(s, t);
    return s;
}
