/* test_parser_errors.c - rows that don't parse: the place, the caret, and no byte read too many. */
#include <stdlib.h>

#include "decode/row_error.h"
#include "unit/helpers.h"
#include "unit/suites.h"

/* "@" marks the place of the fault; it isn't part of the row. */
static const struct {
    const char *row;
    const char *want; /* a part of what is expected there */
} faults[] = {
    {"@", "a row"},
    {"@table", "a row"},
    {"@tables public.t: INSERT:", "a row"},
    {"@ BEGIN 1", "a row"},
    {"@begin 1", "a row"},
    {"@streaming of transaction", "a row"},
    {"BEGIN@ ", "end of the row"},
    {"BEGIN@X", "end of the row"},
    {"BEGIN 5@x", "end of the row"},
    {"BEGIN 5@ (at 2026-11-21 00:00:00+00)", "end of the row"},
    {"BEGIN @4294967296", "transaction id"},
    {"COMMIT @99999999999999999999999", "transaction id"},
    {"COMMIT@ x", "(at TIME)"},
    {"COMMIT@ -5", "(at TIME)"},
    {"COMMIT 5@x", "(at TIME)"},
    {"COMMIT 5@ (at )", "(at TIME)"},
    {"COMMIT 5@ (at 2026", "(at TIME)"},
    {"COMMIT 5 (at 2026)@ ", "end of the row"},
    {"COMMIT@ PREPARED", "(at TIME)"},
    {"COMMIT PREPARED @gid, txid 5", "in quotes"},
    {"PREPARE TRANSACTION @'gid, txid 5", "in quotes"},
    {"PREPARE TRANSACTION @", "in quotes"},
    {"ROLLBACK PREPARED 'g'@, txid", "(at TIME)"},
    {"ROLLBACK PREPARED 'g', txid @4294967296", "transaction id"},
    {"ROLLBACK PREPARED 'g', txid 1@ 2", "(at TIME)"},
    {"table @", "schema"},
    {"table @.t: INSERT:", "schema"},
    {"table @Public.t: INSERT:", "schema"},
    {"table @9.t: INSERT:", "schema"},
    {"table @\"\".t: INSERT:", "schema"},
    {"table @\"public.t: INSERT:", "schema"},
    {"table public@: INSERT:", "table"},
    {"table public.@: INSERT:", "table"},
    {"table public.@\"t: INSERT:", "table"},
    {"table public.t@", "INSERT"},
    {"table public.t@.u: INSERT:", "INSERT"},
    {"table public.t@: insert:", "INSERT"},
    {"table public.t@: INSERT", "INSERT"},
    {"table public.t@: UPSERT:", "INSERT"},
    {"table public.t@,public.u: TRUNCATE: (no-flags)", "INSERT"},
    {"table public.t, @", "schema"},
    {"table public.t, public.u@: INSERT:", "TRUNCATE"},
    {"table public.t, public.u@: DELETE: (no-tuple-data)", "TRUNCATE"},
    {"table public.t: TRUNCATE:@", "flags"},
    {"table public.t: TRUNCATE:@ ", "restart_seqs"},
    {"table public.t: TRUNCATE:@ nothing", "restart_seqs"},
    {"table public.t: TRUNCATE: cascade@s", "restart_seqs"},
    {"table public.t: INSERT:@ ", "column"},
    {"table public.t: INSERT:@ id", "column"},
    {"table public.t: INSERT:@ id:1", "column"},
    {"table public.t: INSERT:@id[integer]:1", "column"},
    {"table public.t: INSERT:@  id[integer]:1", "column"},
    {"table public.t: INSERT:@ Id[integer]:1", "column"},
    {"table public.t: INSERT:@ \"id[integer]:1", "column"},
    {"table public.t: INSERT:@ \"\"[integer]:1", "column"},
    {"table public.t: INSERT: id[@", "type"},
    {"table public.t: INSERT: id[@]:1", "type"},
    {"table public.t: INSERT: id[@integer", "type"},
    {"table public.t: INSERT: id[@integer]", "type"},
    {"table public.t: INSERT: id[@integer]1", "type"},
    {"table public.t: INSERT: id[@integer[]:1", "type"},
    {"table public.t: INSERT: id[@\"my]:1", "type"},
    {"table public.t: INSERT: id[integer]:@", "value"},
    {"table public.t: INSERT: id[integer]:@x", "value"},
    {"table public.t: INSERT: id[integer]:@-", "value"},
    {"table public.t: INSERT: id[integer]:@nul", "value"},
    {"table public.t: INSERT: id[integer]:@unchanged-toast-datu", "value"},
    {"table public.t: INSERT: id[bit]:@B'12'", "value"},
    {"table public.t: INSERT: id[bit]:@B'10", "value"},
    {"table public.t: INSERT: id[integer]:1@x", "space"},
    {"table public.t: INSERT: id[integer]:1@.", "space"},
    {"table public.t: INSERT: id[integer]:1@e+", "space"},
    {"table public.t: INSERT: id[bool]:true@x", "space"},
    {"table public.t: INSERT: id[text]:@'abc", "quote"},
    {"table public.t: INSERT: id[text]:@'abc''", "quote"},
    {"table public.t: INSERT: id[text]:'abc'@x", "space"},
    {"table public.t: INSERT: id[text]:'abc'@\"", "space"},
    {"table public.t: INSERT: id[integer]:1@ ", "column"},
    {"table public.t: INSERT: id[integer]:1@ (no-tuple-data)", "(no-tuple-data)"},
    {"table public.t: INSERT:@ (no-tuple-data) id[integer]:1", "(no-tuple-data)"},
    {"table public.t: INSERT:@ (no-tuple-data) ", "(no-tuple-data)"},
    {"table public.t: INSERT:@ old-key: id[integer]:1 new-tuple: id[integer]:2", "old-key:"},
    {"table public.t: DELETE:@ old-key: id[integer]:1 new-tuple: id[integer]:2", "old-key:"},
    {"table public.t: UPDATE: id[integer]:1@ old-key: id[integer]:1", "old-key:"},
    {"table public.t: UPDATE: old-key:@ old-key: id[integer]:1", "old-key:"},
    {"table public.t: UPDATE:@ new-tuple: id[integer]:1", "new-tuple:"},
    {"table public.t: INSERT:@ new-tuple: id[integer]:1", "new-tuple:"},
    {"table public.t: DELETE: id[integer]:1@ new-tuple: id[integer]:1", "new-tuple:"},
    {"table public.t: UPDATE: old-key: id[integer]:1@", "new-tuple:"},
    {"table public.t: UPDATE: old-key: new-tuple:@ new-tuple: id[integer]:1", "new-tuple:"},
    {"table public.t: UPDATE: old-key: new-tuple: a[integer]:1@ new-tuple:", "new-tuple:"},
    {"message:@", "transactional"},
    {"message:@ transactional: 2 prefix: p, sz: 0 content:", "transactional"},
    {"message:@ transactional: 1 prefix:p, sz: 0 content:", "transactional"},
};

enum { FAULTS = sizeof faults / sizeof *faults };

/* The row of a fault, with its end at the end of its memory. */
static unsigned char *row_of_fault(int i, size_t *n, size_t *at)
{
    const char *mark = strchr(faults[i].row, '@');
    unsigned char *row = exact_copy(faults[i].row, strlen(faults[i].row) - 1);

    MUST(mark != NULL);
    *n = strlen(faults[i].row) - 1;
    *at = (size_t)(mark - faults[i].row);
    memcpy(row + *at, mark + 1, *n - *at);
    return row;
}

START_TEST(place_of_the_fault)
{
    struct td_parser t;
    struct td_change c;

    td_parser_init(&t);
    for (int i = 0; i < FAULTS; i++) {
        struct td_error e = {.offset = SIZE_MAX};
        size_t n, at;
        unsigned char *row = row_of_fault(i, &n, &at);
        ck_assert_msg(td_parse(&t, &c, row, n, &e) == -1, "parses: %s", row);
        ck_assert_msg(e.offset == at, "%s: at %zu, not at %zu", row, at, e.offset);
        ck_assert_msg(e.want && strstr(e.want, faults[i].want), "%s: wants %s", row, e.want);
        free(row);
    }
    td_parser_free(&t);
}
END_TEST

#define BYTES(text)                                                                                \
    {                                                                                              \
        (const unsigned char *)(text), sizeof(text) - 1                                            \
    }

/* Only a message's content may hold a NUL. */
START_TEST(nul_inside)
{
    static const struct slice rows[] = {
        BYTES("BEGIN 5\0"),
        BYTES("COMMIT 5 (at 2026\0)"),
        BYTES("table public.t: INSERT: a[text]:'x\0y'"),
        BYTES("table public.t: INSERT: a[text]:'x'\0"),
        BYTES("table public.t: INSERT: a[te\0xt]:'x'"),
        BYTES("table public.t: INSERT: \"a\0\"[text]:'x'"),
        BYTES("table public.t: INSERT:\0 a[text]:'x'"),
        BYTES("table public.t: TRUNCATE: cascade\0"),
        BYTES("table public.\0: INSERT:"),
        BYTES("PREPARE TRANSACTION 'g\0'"),
    };
    struct td_parser t;
    struct td_change c;
    struct td_error e;

    td_parser_init(&t);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        unsigned char *row = exact_copy(rows[i].p, rows[i].n);
        ck_assert_msg(td_parse(&t, &c, row, rows[i].n, &e) == -1, "case %zu", i);
        ck_assert_uint_lt(e.offset, rows[i].n);
        free(row);
    }
    td_parser_free(&t);
}
END_TEST

START_TEST(message_sizes)
{
    static const char *const bad[] = {
        "message: transactional: 1 prefix: p",
        "message: transactional: 1 prefix: p, sz: 3 content:",
        "message: transactional: 1 prefix: p, sz: 3 content:ab",
        "message: transactional: 1 prefix: p, sz: 3 content:abcd",
        "message: transactional: 1 prefix: p, sz:  content:",
        "message: transactional: 1 prefix: p, sz: -1 content:",
        "message: transactional: 1 prefix: p, sz: 1 content: ab",
        "message: transactional: 1 prefix: p, sz: 18446744073709551617 content:a",
        "message: transactional: 1 prefix: p, sz: 1 contents:a",
        "message: transactional: 1 prefix: p, sz: 7 content:a, sz: 7 content:b",
    };
    struct td_parser t;
    struct td_change c;
    struct td_error e;

    td_parser_init(&t);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t n = strlen(bad[i]);
        unsigned char *row = exact_copy(bad[i], n);
        ck_assert_msg(td_parse(&t, &c, row, n, &e) == -1, "parses: %s", bad[i]);
        ck_assert_uint_le(e.offset, n);
        ck_has(e.want, "content:");
        free(row);
    }
    td_parser_free(&t);
}
END_TEST

static void excerpt_is(const char *row, size_t offset, const char *want)
{
    char out[256];
    struct td_error e = {.offset = offset, .want = "x"};
    unsigned char *copy = exact_copy(row, strlen(row));

    td_error_excerpt(out, sizeof out, copy, strlen(row), &e);
    ck_assert_str_eq(out, want);
    free(copy);
}

#define TEN "0123456789"
#define FORTY TEN TEN TEN TEN
#define BLANK40 "                                        "

START_TEST(excerpts)
{
    excerpt_is("BEGIN x", 5, "BEGIN x\n     ^");
    excerpt_is("", 0, "\n^");
    excerpt_is("BEGIN", 5, "BEGIN\n     ^");
    excerpt_is("BEGIN", 99, "BEGIN\n     ^");
    excerpt_is("a\tb\nc\x7f\xc3\xa9z", 8, "a.b.c...z\n        ^");
    /* 40 bytes on each side are whole, one more is cut. */
    excerpt_is(FORTY FORTY, 40, FORTY FORTY "\n" BLANK40 "^");
    excerpt_is(FORTY FORTY "x", 40, FORTY FORTY "...\n" BLANK40 "^");
    excerpt_is("x" FORTY FORTY, 41, "..." FORTY FORTY "\n   " BLANK40 "^");
    excerpt_is("x" FORTY FORTY "y", 41, "..." FORTY FORTY "...\n   " BLANK40 "^");
    excerpt_is("x" FORTY, 41, "..." FORTY "\n   " BLANK40 "^");
    excerpt_is(FORTY "x", 0, FORTY "...\n^");
}
END_TEST

START_TEST(excerpt_is_cut_to_size)
{
    struct td_error e = {.offset = 41, .want = "x"};
    const unsigned char row[] = "x" FORTY FORTY "y";

    for (size_t size = 1; size < 150; size++) {
        char *out = malloc(size);
        MUST(out != NULL);
        memset(out, 'x', size);
        td_error_excerpt(out, size, row, sizeof row - 1, &e);
        MUST(memchr(out, 0, size) != NULL);
        free(out);
    }
}
END_TEST

START_TEST(row_error_says_all)
{
    static const char row[] = "table public.t: INSERT: id[integer]:x";
    struct td_error why;
    struct td_parser t;
    struct td_change c;
    struct err e;

    td_parser_init(&t);
    ck_assert_int_eq(td_parse(&t, &c, (const unsigned char *)row, sizeof row - 1, &why), -1);
    ck_assert_int_eq(row_error(&e, 0x16B374D848, (const unsigned char *)row, sizeof row - 1, &why),
                     -1);
    ck_assert_int_eq(e.code, ERR_SYNTAX);
    ck_assert_str_eq(e.text, "lsn 16/B374D848: byte 36 of 37: expected a value\n"
                             "table public.t: INSERT: id[integer]:x\n"
                             "                                    ^");
    td_parser_free(&t);
}
END_TEST

/* Rows of every kind, to be cut and bent. */
static const char *const whole[] = {
    "BEGIN 31337",
    "COMMIT 31337 (at 2026-11-21 02:13:46.123456+00)",
    "PREPARE TRANSACTION 'it''s', txid 529 (at 2026-11-21 02:13:46+00)",
    "COMMIT PREPARED E'a\\\\b', txid 529",
    "ROLLBACK PREPARED 'g', txid 529 (at 2026-11-21 02:13:46+00)",
    ("table \"My.Schema\".\"t: \"\"q\"\" [x]\": INSERT: id[integer]:-1.5e-300 \"c[1]\"[text]:'x' "
     "\"new-tuple:\"[text]:'y' \"a.b\"[\"we[ird]\"]:'(1,q)' e[\"en um:x\"]:'b''c' "
     "z[\"My.Schema\".\"T]y\"]:'z' ar[\"en um:x\"[]]:'{a}' n[numeric]:-Infinity b[bit]:B'101' "
     "t[boolean]:true f[boolean]:false u[text]:null v[real]:NaN"),
    ("table public.comp: UPDATE: old-key: a[integer]:1 b[text]:'k' new-tuple: a[integer]:2 "
     "b[text]:unchanged-toast-datum"),
    "table public.nopk: DELETE: (no-tuple-data)",
    "table public.p, public.\"p,1\": TRUNCATE: restart_seqs cascade",
    "table public.p: TRUNCATE: (no-flags)",
    "message: transactional: 1 prefix: pre, sz: 3 content:fix, sz: 8 content:hi\nthere",
};

enum { WHOLE = sizeof whole / sizeof *whole };

/* Parses n bytes at the end of their memory, and uses all that came of it. */
static void survive(struct td_parser *t, const void *p, size_t n)
{
    unsigned char *row = exact_copy(p, n);
    struct td_error e = {.offset = SIZE_MAX};
    struct td_change c;
    char out[256];

    if (td_parse(t, &c, row, n, &e) < 0) {
        MUST_SAY(e.offset <= n && e.want && *e.want, "%s", row);
        td_error_excerpt(out, sizeof out, row, n, &e);
        MUST(strchr(out, '^') != NULL);
    } else {
        unsigned char *name = malloc(n + 1);
        td_recover_unchanged(t, &c);
        for (uint32_t i = 0; i < c.old.n + c.new.n; i++) {
            const struct td_column *col = &t->columns[i];
            MUST(td_unquote_name(name, col->name) <= col->name.n);
            MUST(td_unquote_value(name, col) <= col->value.n);
            MUST(col->value.n == 0 || (col->value.p >= row && col->value.p < row + n));
        }
        free(name);
    }
    free(row);
}

START_TEST(every_prefix)
{
    struct td_parser t;

    td_parser_init(&t);
    for (size_t n = 0; n <= strlen(whole[_i]); n++)
        survive(&t, whole[_i], n);
    td_parser_free(&t);
}
END_TEST

START_TEST(every_byte_bent)
{
    static const char bent[] = "'\"[]: \0,.\xff"
                               "0Ba(";
    struct td_parser t;
    size_t n = strlen(whole[_i]);
    char *row = malloc(n + 1);

    ck_assert_ptr_nonnull(row);
    td_parser_init(&t);
    for (size_t at = 0; at < n; at++) {
        memcpy(row, whole[_i], n);
        for (size_t k = 0; k < sizeof bent - 1; k++) {
            row[at] = bent[k];
            survive(&t, row, n);
        }
        memcpy(row, whole[_i], at); /* and the byte left out */
        memcpy(row + at, whole[_i] + at + 1, n - at - 1);
        survive(&t, row, n - 1);
    }
    td_parser_free(&t);
    free(row);
}
END_TEST

/* A prefix of these rows parses only where that is a row as well. */
START_TEST(cut_rows_fail)
{
    static const char row[] = "table public.t: INSERT: id[integer]:12 b[text]:'x''y' c[bit]:B'01'";
    struct td_parser t;

    td_parser_init(&t);
    for (size_t n = 0; n < sizeof row - 1; n++) {
        unsigned char *copy = exact_copy(row, n);
        struct td_change c;
        struct td_error e;
        bool is_row = n == 23 || n == 37 || n == 38 || n == 50 || n == 53;
        MUST_SAY((td_parse(&t, &c, copy, n, &e) == 0) == is_row, "%zu bytes: %s", n, copy);
        free(copy);
    }
    td_parser_free(&t);
}
END_TEST

Suite *suite_parser_errors(void)
{
    Suite *s = suite_create("parser_errors");
    TCase *t = tcase_create("errors");

    tcase_set_timeout(t, 20);
    tcase_add_test(t, place_of_the_fault);
    tcase_add_test(t, nul_inside);
    tcase_add_test(t, message_sizes);
    tcase_add_test(t, excerpts);
    tcase_add_test(t, excerpt_is_cut_to_size);
    tcase_add_test(t, row_error_says_all);
    tcase_add_loop_test(t, every_prefix, 0, WHOLE);
    tcase_add_loop_test(t, every_byte_bent, 0, WHOLE);
    tcase_add_test(t, cut_rows_fail);
    suite_add_tcase(s, t);
    return s;
}
