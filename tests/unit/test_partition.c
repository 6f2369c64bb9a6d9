/* test_partition.c - partition keys: every mode, and Kinesis's bounds. */
#include <stdlib.h>

#include "base/json.h"
#include "route/partition.h"
#include "unit/helpers.h"
#include "unit/suites.h"

enum { HASHED = 17 }; /* "#" and 16 digits */

static size_t characters(struct slice s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xC0) != 0x80;
    return n;
}

static void make(struct buf *out, enum partition_by by, const struct event *ev)
{
    struct partition p = {.by = by, .text = SLICE_LIT("all é")};

    partition_key(out, &p, ev);
    MUST(!out->failed);
    MUST(characters(buf_slice(out)) >= 1 && characters(buf_slice(out)) <= 256);
    MUST(utf8_valid(buf_slice(out)));
}

static const struct {
    enum partition_by by;
    const char *row, *keys, *want;
} cases[] = {
    {PARTITION_TABLE, "table public.t: INSERT: id[integer]:7", "id", "public.t"},
    {PARTITION_TABLE, "table \"My.S\".t: INSERT: id[integer]:7", "id", "\"My.S\".t"},
    {PARTITION_TABLE, "message: transactional: 1 prefix: pre, sz: 1 content:x", "", "pre"},
    {PARTITION_PK, "table public.t: INSERT: id[integer]:7", "id", "7"},
    {PARTITION_PK, "table public.t: INSERT: a[integer]:7 b[text]:'it''s'", "b a", "it's,7"},
    {PARTITION_PK, "table public.t: INSERT: a[text]:'é' b[bit]:B'10'", "a b", "é,10"},
    {PARTITION_PK, "table public.t: TRUNCATE: (no-flags)", "", "public.t"},
    {PARTITION_PK, "table public.t: DELETE: (no-tuple-data)", "", "public.t"},
    {PARTITION_PK, "message: transactional: 0 prefix: pre, sz: 1 content:x", "", "pre"},
    {PARTITION_XID, "table public.t: INSERT: id[integer]:7", "id", "31337"},
    {PARTITION_XID, "table public.t: TRUNCATE: (no-flags)", "", "31337"},
    {PARTITION_CONST, "table public.t: INSERT: id[integer]:7", "id", "all é"},
    {PARTITION_CONST, "message: transactional: 0 prefix: pre, sz: 1 content:x", "", "all é"},
};

START_TEST(modes)
{
    struct sample s;
    struct buf out;

    sample_init(&s, cases[_i].row, cases[_i].keys);
    buf_init(&out, 10000);
    buf_puts(&out, "left over");
    make(&out, cases[_i].by, &s.ev);
    check_slice(__FILE__, __LINE__, buf_slice(&out), slice_str(cases[_i].want));
    buf_free(&out);
    sample_free(&s);
}
END_TEST

/* An empty partition key is not allowed. */
START_TEST(never_empty)
{
    struct sample s;
    struct buf out;

    buf_init(&out, 10000);
    sample_init(&s, "message: transactional: 0 prefix: , sz: 1 content:x", "");
    make(&out, PARTITION_TABLE, &s.ev);
    make(&out, PARTITION_PK, &s.ev);
    s.ev.xid = 0;
    make(&out, PARTITION_XID, &s.ev);
    sample_free(&s);
    sample_init(&s, "table public.t: INSERT: a[text]:'' b[bit]:B''", "a");
    make(&out, PARTITION_PK, &s.ev);
    sample_free(&s);
    buf_free(&out);
}
END_TEST

/* The partition key of a row whose key is this text. */
static void of_text(struct buf *out, struct slice text)
{
    const struct td_column c = {.value = text, .kind = TD_TEXT};
    const struct td_column *key[] = {&c};
    const struct td_relation r = {.name = SLICE_LIT("public.t")};
    struct event ev = {.relation = &r, .key = key, .n_key = 1};

    make(out, PARTITION_PK, &ev);
}

START_TEST(limit)
{
    unsigned char text[1000];
    struct buf out, other;

    buf_init(&out, 10000);
    buf_init(&other, 10000);
    memset(text, 'x', sizeof text);
    of_text(&out, slice_of(text, 256));
    ck_assert(slice_eq(buf_slice(&out), slice_of(text, 256)));
    of_text(&out, slice_of(text, 257));
    ck_assert_uint_eq(out.n, 256);
    ck_assert_mem_eq(out.p, text, 256 - HASHED);
    ck_assert_int_eq(out.p[256 - HASHED], '#');
    of_text(&other, slice_of(text, 257));
    ck_assert(slice_eq(buf_slice(&out), buf_slice(&other)));
    /* Keys that differ behind the cut differ all the same. */
    text[256] = 'y';
    of_text(&other, slice_of(text, 257));
    ck_assert(!slice_eq(buf_slice(&out), buf_slice(&other)));
    of_text(&other, slice_of(text, 1000));
    ck_assert(!slice_eq(buf_slice(&out), buf_slice(&other)));
    buf_free(&out);
    buf_free(&other);
}
END_TEST

/* Cut between characters, wherever they stand. make() checks that the result is UTF-8. */
START_TEST(cut_of_characters)
{
    static const char *const wide[] = {"é", "€", "😀"};
    struct buf text, out;

    buf_init(&text, 10000);
    buf_init(&out, 10000);
    for (size_t w = 0; w < 3; w++)
        for (size_t lead = 0; lead < 4; lead++) {
            buf_clear(&text);
            for (size_t i = 0; i < lead; i++)
                buf_putc(&text, 'a');
            for (size_t i = 0; i < 150; i++)
                buf_puts(&text, wide[w]);
            of_text(&out, buf_slice(&text));
            ck_assert_uint_gt(out.n, 256 - HASHED - 4 + HASHED - 1);
            ck_assert_mem_eq(out.p, text.p, out.n - HASHED);
        }
    buf_free(&text);
    buf_free(&out);
}
END_TEST

START_TEST(not_utf8)
{
    static const struct slice bad[] = {
        {(const unsigned char *)"\xff", 1},     {(const unsigned char *)"\xfe", 1},
        {(const unsigned char *)"abc\xff", 4},  {(const unsigned char *)"abc\xfe", 4},
        {(const unsigned char *)"\xe2\x82", 2}, {(const unsigned char *)"\x80", 1},
    };
    enum { BAD = sizeof bad / sizeof *bad };
    struct buf out[BAD];

    for (size_t i = 0; i < BAD; i++) {
        buf_init(&out[i], 1000);
        of_text(&out[i], bad[i]);
        for (size_t k = 0; k < i; k++)
            ck_assert(!slice_eq(buf_slice(&out[i]), buf_slice(&out[k])));
    }
    for (size_t i = 0; i < BAD; i++)
        buf_free(&out[i]);
}
END_TEST

START_TEST(long_names)
{
    struct sample s;
    struct buf out, row;

    buf_init(&row, 10000);
    buf_init(&out, 10000);
    buf_puts(&row, "message: transactional: 1 prefix: ");
    for (int i = 0; i < 300; i++)
        buf_puts(&row, "é");
    buf_puts(&row, ", sz: 0 content:");
    sample_init(&s, buf_cstr(&row), "");
    make(&out, PARTITION_TABLE, &s.ev);
    make(&out, PARTITION_PK, &s.ev);
    sample_free(&s);
    buf_free(&row);
    buf_free(&out);
}
END_TEST

START_TEST(whatever_the_bytes)
{
    struct rng r;
    struct buf out;
    unsigned char text[700];

    rng_init(&r, "partition");
    buf_init(&out, 10000);
    for (unsigned i = 0; i < 5000; i++) {
        size_t n = rng_below(&r, sizeof text);
        bool ascii = rng_below(&r, 2);
        for (size_t k = 0; k < n; k++)
            text[k] = (unsigned char)rng_below(&r, ascii ? 128 : 256);
        of_text(&out, slice_of(text, n));
    }
    buf_free(&out);
}
END_TEST

Suite *suite_partition(void)
{
    Suite *s = suite_create("partition");
    TCase *t = tcase_create("partition");

    tcase_set_timeout(t, 20);
    tcase_add_loop_test(t, modes, 0, sizeof cases / sizeof *cases);
    tcase_add_test(t, never_empty);
    tcase_add_test(t, limit);
    tcase_add_test(t, cut_of_characters);
    tcase_add_test(t, not_utf8);
    tcase_add_test(t, long_names);
    tcase_add_test(t, whatever_the_bytes);
    suite_add_tcase(s, t);
    return s;
}
