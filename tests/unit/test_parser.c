/* test_parser.c - rows of test_decoding that parse, and what comes of each. */
#include <stdlib.h>

#include "unit/helpers.h"
#include "unit/suites.h"

struct row_case {
    const char *row;
    const char *dump; /* as dump_change writes it */
};

static void dump_tuple(struct buf *b, const char *name, const struct td_tuple *t)
{
    static const char letter[] = {
        [TD_NULL] = '0',    [TD_UNCHANGED] = 'u', [TD_BOOL] = 'b', [TD_NUMBER] = 'n',
        [TD_SPECIAL] = 's', [TD_BITS] = 'B',      [TD_TEXT] = 't'};

    MUST(t->present || t->n == 0);
    if (t->present)
        buf_puts(b, name);
    for (uint32_t i = 0; i < t->n; i++) {
        const struct td_column *c = &t->columns[i];
        buf_puts(b, " {");
        buf_put_slice(b, c->name);
        buf_putc(b, '|');
        buf_put_slice(b, c->type);
        buf_putc(b, '|');
        buf_putc(b, letter[c->kind]);
        buf_putc(b, '|');
        if (c->kind != TD_NULL && c->kind != TD_UNCHANGED)
            buf_put_slice(b, c->value);
        buf_puts(b, c->doubled ? "|doubled}" : "}");
    }
}

/* "KIND xid=… time=… gid=… schema/table=name… old {name|type|kind|value}… new …" */
static void dump_change(struct buf *b, const struct td_change *c)
{
    static const char *const kinds[] = {
        [TD_BEGIN] = "BEGIN",        [TD_COMMIT] = "COMMIT",   [TD_INSERT] = "INSERT",
        [TD_UPDATE] = "UPDATE",      [TD_DELETE] = "DELETE",   [TD_TRUNCATE] = "TRUNCATE",
        [TD_MESSAGE] = "MESSAGE",    [TD_PREPARE] = "PREPARE", [TD_COMMIT_PREPARED] = "C",
        [TD_ROLLBACK_PREPARED] = "R"};

    buf_puts(b, kinds[c->kind]);
    if (c->has_xid)
        buf_printf(b, " xid=%u", c->xid);
    if (c->time.n > 0)
        buf_printf(b, " time=%.*s", (int)c->time.n, (const char *)c->time.p);
    if (c->gid.n > 0)
        buf_printf(b, " gid=%.*s", (int)c->gid.n, (const char *)c->gid.p);
    for (uint32_t i = 0; i < c->n_relations; i++) {
        const struct td_relation *r = &c->relations[i];
        MUST(r->name.p == r->schema.p && r->name.n == r->schema.n + 1 + r->table.n);
        MUST(r->table.p + r->table.n == r->name.p + r->name.n);
        buf_putc(b, ' ');
        buf_put_slice(b, r->schema);
        buf_putc(b, '/');
        buf_put_slice(b, r->table);
    }
    dump_tuple(b, " old", &c->old);
    dump_tuple(b, " new", &c->new);
    buf_puts(b, c->restart_seqs ? " restart_seqs" : "");
    buf_puts(b, c->cascade ? " cascade" : "");
    if (c->kind == TD_MESSAGE) {
        buf_puts(b, c->message.transactional ? " inside <" : " outside <");
        buf_put_slice(b, c->message.prefix);
        buf_puts(b, "> <");
        buf_put_slice(b, c->message.content);
        buf_putc(b, '>');
    }
}

static void expect(struct td_parser *t, struct slice row, struct slice dump)
{
    unsigned char *copy = exact_copy(row.p, row.n);
    struct td_change c;
    struct td_error e;
    struct buf b;

    buf_init(&b, 1 << 20);
    int got = td_parse(t, &c, copy, row.n, &e);
    ck_assert_msg(got == 0, "%s: at %zu: expected %s", copy, e.offset, e.want);
    dump_change(&b, &c);
    check_slice(__FILE__, __LINE__, buf_slice(&b), dump);
    buf_free(&b);
    free(copy);
}

/* One parser for all: nothing may be left over from the row before. */
static void expect_all(const struct row_case *cases, size_t n)
{
    struct td_parser t;

    td_parser_init(&t);
    for (size_t i = 0; i < n; i++)
        expect(&t, slice_str(cases[i].row), slice_str(cases[i].dump));
    for (size_t i = n; i-- > 0;)
        expect(&t, slice_str(cases[i].row), slice_str(cases[i].dump));
    td_parser_free(&t);
}

#define EXPECT_ALL(cases) expect_all((cases), sizeof(cases) / sizeof *(cases))

START_TEST(transactions)
{
    static const struct row_case cases[] = {
        {"BEGIN 31337", "BEGIN xid=31337"},
        {"BEGIN", "BEGIN"},
        {"BEGIN 0", "BEGIN xid=0"},
        {"BEGIN 4294967295", "BEGIN xid=4294967295"},
        {"COMMIT", "COMMIT"},
        {"COMMIT 31337", "COMMIT xid=31337"},
        {"COMMIT (at 2026-11-21 02:13:46.123456+00)", "COMMIT time=2026-11-21 02:13:46.123456+00"},
        {"COMMIT 7 (at 2026-11-21 02:13:46+00)", "COMMIT xid=7 time=2026-11-21 02:13:46+00"},
    };

    EXPECT_ALL(cases);
}
END_TEST

START_TEST(two_phase)
{
    static const struct row_case cases[] = {
        {"PREPARE TRANSACTION 'gid1', txid 529 (at 2026-11-21 02:13:46+00)",
         "PREPARE xid=529 time=2026-11-21 02:13:46+00 gid='gid1'"},
        {"PREPARE TRANSACTION 'gid1', txid 529", "PREPARE xid=529 gid='gid1'"},
        {"PREPARE TRANSACTION 'gid1' (at 2026-11-21 02:13:46+00)",
         "PREPARE time=2026-11-21 02:13:46+00 gid='gid1'"},
        {"PREPARE TRANSACTION 'gid1'", "PREPARE gid='gid1'"},
        {"PREPARE TRANSACTION 'it''s, txid 7', txid 8", "PREPARE xid=8 gid='it''s, txid 7'"},
        {"PREPARE TRANSACTION E'a\\\\b', txid 8", "PREPARE xid=8 gid=E'a\\\\b'"},
        {"COMMIT PREPARED 'g', txid 4294967295 (at 2026-11-21 02:13:46+00)",
         "C xid=4294967295 time=2026-11-21 02:13:46+00 gid='g'"},
        {"COMMIT PREPARED 'g'", "C gid='g'"},
        {"ROLLBACK PREPARED 'g', txid 5 (at 2026-11-21 02:13:46+00)",
         "R xid=5 time=2026-11-21 02:13:46+00 gid='g'"},
        {"ROLLBACK PREPARED '', txid 5", "R xid=5 gid=''"},
    };

    EXPECT_ALL(cases);
}
END_TEST

START_TEST(nasty_names)
{
    static const struct row_case cases[] = {
        {"table \"My.Schema\".\"t: \"\"q\"\" [x]\": INSERT: id[integer]:1 \"c[1]\"[text]:'x' "
         "\"new-tuple:\"[text]:'y' \"a.b\"[\"we[ird]\"]:'(1,q)' e[\"en um:x\"]:'b''c' "
         "z[\"My.Schema\".\"T]y\"]:'z' ar[\"en um:x\"[]]:'{a}' d[posint]:'3'",
         "INSERT \"My.Schema\"/\"t: \"\"q\"\" [x]\" new {id|integer|n|1} {\"c[1]\"|text|t|x} "
         "{\"new-tuple:\"|text|t|y} {\"a.b\"|\"we[ird]\"|t|(1,q)} "
         "{e|\"en um:x\"|t|b''c|doubled} {z|\"My.Schema\".\"T]y\"|t|z} {ar|\"en um:x\"[]|t|{a}} "
         "{d|posint|t|3}"},
        {"table public.t: INSERT: \"a\nb\"[text]:'1\n2' \"\"\"\"[text]:'q' \" \"[text]:' '",
         "INSERT public/t new {\"a\nb\"|text|t|1\n2} {\"\"\"\"|text|t|q} {\" \"|text|t| }"},
        {"table public.t: INSERT: \"old-key\"[text]:'a' \"old-key:\"[text]:'b' "
         "\"(no-tuple-data)\"[text]:'c'",
         "INSERT public/t new {\"old-key\"|text|t|a} {\"old-key:\"|text|t|b} "
         "{\"(no-tuple-data)\"|text|t|c}"},
        {"table public.t: UPDATE: old-key: \"old-key\"[integer]:1 \"new-tuple:\"[text]:'a' "
         "new-tuple: \"old-key\"[integer]:2 \"new-tuple:\"[text]:' new-tuple: x[text]:''y'''",
         "UPDATE public/t old {\"old-key\"|integer|n|1} {\"new-tuple:\"|text|t|a} "
         "new {\"old-key\"|integer|n|2} "
         "{\"new-tuple:\"|text|t| new-tuple: x[text]:''y''|doubled}"},
        {"table \": INSERT:\".\"a, b.c: TRUNCATE: \": DELETE: \"Ünïcode\"[text]:'é'",
         "DELETE \": INSERT:\"/\"a, b.c: TRUNCATE: \" old {\"Ünïcode\"|text|t|é}"},
        {"table a.old: INSERT: old[integer]:1 new[integer]:2 _x9[integer]:3",
         "INSERT a/old new {old|integer|n|1} {new|integer|n|2} {_x9|integer|n|3}"},
    };

    EXPECT_ALL(cases);
}
END_TEST

START_TEST(types)
{
    static const struct row_case cases[] = {
        {"table a.b: INSERT: a[timestamp with time zone]:'x' b[character varying[]]:'{}' "
         "c[\"char\"]:'c' d[bit varying]:B'1' e[integer[]]:null f[double precision]:1",
         "INSERT a/b new {a|timestamp with time zone|t|x} {b|character varying[]|t|{}} "
         "{c|\"char\"|t|c} {d|bit varying|B|1} {e|integer[]|0|} {f|double precision|n|1}"},
        {"table a.b: INSERT: a[\"q\"\"]:'\"]:'x' b[s.\"]\"[]]:'y' c[\"[]\".\"[\"]:'z' d[???]:'w'",
         "INSERT a/b new {a|\"q\"\"]:'\"|t|x} {b|s.\"]\"[]|t|y} {c|\"[]\".\"[\"|t|z} {d|???|t|w}"},
    };

    EXPECT_ALL(cases);
}
END_TEST

START_TEST(values)
{
    static const struct row_case cases[] = {
        {"table a.b: INSERT: a[integer]:-2147483648 b[bigint]:9223372036854775807 "
         "c[numeric]:1.50 d[double precision]:1e-300 e[real]:1.5e+30 f[numeric]:-0.1 g[oid]:0",
         "INSERT a/b new {a|integer|n|-2147483648} {b|bigint|n|9223372036854775807} "
         "{c|numeric|n|1.50} {d|double precision|n|1e-300} {e|real|n|1.5e+30} {f|numeric|n|-0.1} "
         "{g|oid|n|0}"},
        {"table a.b: INSERT: a[numeric]:NaN b[numeric]:Infinity c[real]:-Infinity d[real]:-0",
         "INSERT a/b new {a|numeric|s|NaN} {b|numeric|s|Infinity} {c|real|s|-Infinity} "
         "{d|real|n|-0}"},
        {"table a.b: INSERT: a[boolean]:true b[boolean]:false c[boolean]:null d[text]:null",
         "INSERT a/b new {a|boolean|b|true} {b|boolean|b|false} {c|boolean|0|} {d|text|0|}"},
        {"table a.b: INSERT: a[bit]:B'101' b[bit varying]:B'' c[bit]:B'0'",
         "INSERT a/b new {a|bit|B|101} {b|bit varying|B|} {c|bit|B|0}"},
        {"table a.b: INSERT: a[text]:'' b[text]:'''' c[text]:'''''' d[text]:'null' "
         "e[text]:'unchanged-toast-datum' f[text]:'a'' b[text]:''c'",
         "INSERT a/b new {a|text|t|} {b|text|t|''|doubled} {c|text|t|''''|doubled} "
         "{d|text|t|null} {e|text|t|unchanged-toast-datum} {f|text|t|a'' b[text]:''c|doubled}"},
        {"table a.b: INSERT: a[text]:'back\\slash\ttab\nline\r\x01\xff' b[bytea]:'\\x00ff'",
         "INSERT a/b new {a|text|t|back\\slash\ttab\nline\r\x01\xff} {b|bytea|t|\\x00ff}"},
        {"table public.toast: UPDATE: id[integer]:1 big[text]:unchanged-toast-datum n[integer]:2",
         "UPDATE public/toast new {id|integer|n|1} {big|text|u|} {n|integer|n|2}"},
    };

    EXPECT_ALL(cases);
}
END_TEST

START_TEST(images)
{
    static const struct row_case cases[] = {
        {"table public.comp: UPDATE: old-key: a[integer]:1 b[text]:'k' new-tuple: a[integer]:2 "
         "b[text]:'k' c[integer]:3",
         "UPDATE public/comp old {a|integer|n|1} {b|text|t|k} new {a|integer|n|2} {b|text|t|k} "
         "{c|integer|n|3}"},
        {"table public.nopk: DELETE: (no-tuple-data)", "DELETE public/nopk"},
        {"table public.nopk: INSERT: (no-tuple-data)", "INSERT public/nopk"},
        {"table public.nopk: UPDATE: (no-tuple-data)", "UPDATE public/nopk"},
        {"table public.nopk: UPDATE: old-key: a[integer]:1 new-tuple: (no-tuple-data)",
         "UPDATE public/nopk old {a|integer|n|1}"},
        {"table public.empty_: INSERT:", "INSERT public/empty_ new"},
        {"table public.empty_: UPDATE:", "UPDATE public/empty_ new"},
        /* REPLICA IDENTITY FULL: a row of nulls has an old image without columns. */
        {"table public.full_: DELETE:", "DELETE public/full_ old"},
        {"table public.full_: UPDATE: old-key: new-tuple: a[integer]:1",
         "UPDATE public/full_ old new {a|integer|n|1}"},
        {"table public.full_: UPDATE: old-key: a[integer]:1 new-tuple:",
         "UPDATE public/full_ old {a|integer|n|1} new"},
        {"table public.full_: UPDATE: old-key: new-tuple:", "UPDATE public/full_ old new"},
        {"table public.t: DELETE: id[integer]:7 b[text]:'x'",
         "DELETE public/t old {id|integer|n|7} {b|text|t|x}"},
    };

    EXPECT_ALL(cases);
}
END_TEST

START_TEST(truncates)
{
    static const struct row_case cases[] = {
        {"table public.t: TRUNCATE: (no-flags)", "TRUNCATE public/t"},
        {"table public.p, public.p1, public.p2: TRUNCATE: (no-flags)",
         "TRUNCATE public/p public/p1 public/p2"},
        {"table public.ty, public.nopk: TRUNCATE: restart_seqs cascade",
         "TRUNCATE public/ty public/nopk restart_seqs cascade"},
        {"table public.t: TRUNCATE: restart_seqs", "TRUNCATE public/t restart_seqs"},
        {"table public.t: TRUNCATE: cascade", "TRUNCATE public/t cascade"},
        {"table \"a, b\".\"c, d\", e.\"f: TRUNCATE:\": TRUNCATE: cascade",
         "TRUNCATE \"a, b\"/\"c, d\" e/\"f: TRUNCATE:\" cascade"},
    };

    EXPECT_ALL(cases);
}
END_TEST

START_TEST(messages)
{
    static const struct row_case cases[] = {
        {"message: transactional: 1 prefix: pre, sz: 3 content:fix, sz: 8 content:hi\nthere",
         "MESSAGE inside <pre, sz: 3 content:fix> <hi\nthere>"},
        {"message: transactional: 0 prefix: p, sz: 5 content:hello", "MESSAGE outside <p> <hello>"},
        {"message: transactional: 0 prefix: , sz: 0 content:", "MESSAGE outside <> <>"},
        {"message: transactional: 1 prefix: content:, sz: 1 content:x",
         "MESSAGE inside <content:> <x>"},
        {"message: transactional: 1 prefix: a, sz: b, sz: , sz: 9, sz: 2 content:xy",
         "MESSAGE inside <a, sz: b, sz: , sz: 9> <xy>"},
        {"message: transactional: 1 prefix: a, sz: 99999999999999999999999 content:b, "
         "sz: 2 content:xy",
         "MESSAGE inside <a, sz: 99999999999999999999999 content:b> <xy>"},
        {"message: transactional: 1 prefix: p, sz: 19 content:a, sz: 2 content:bc",
         "MESSAGE inside <p> <a, sz: 2 content:bc>"},
        {"message: transactional: 1 prefix: line\nbreak, sz: 1 content:'",
         "MESSAGE inside <line\nbreak> <'>"},
    };

    EXPECT_ALL(cases);
}
END_TEST

START_TEST(binary_messages)
{
    struct td_parser t;

    td_parser_init(&t);
    expect(&t, SLICE_LIT("message: transactional: 1 prefix: bin, sz: 6 content:\0a\0\xff\n\0"),
           SLICE_LIT("MESSAGE inside <bin> <\0a\0\xff\n\0>"));
    expect(&t, SLICE_LIT("message: transactional: 0 prefix: b, sz: 1 content:\0"),
           SLICE_LIT("MESSAGE outside <b> <\0>"));
    /* A separator inside the content, behind a NUL. */
    expect(&t, SLICE_LIT("message: transactional: 0 prefix: b, sz: 18 content:\0, sz: 9 content:x"),
           SLICE_LIT("MESSAGE outside <b> <\0, sz: 9 content:x>"));
    td_parser_free(&t);
}
END_TEST

/* Where the server converts, a size counts other bytes than those that arrive. */
START_TEST(converted_messages)
{
    static const char one[] = "message: transactional: 1 prefix: p, sz: 1 content:é";
    static const char two[] =
        "message: transactional: 1 prefix: p, sz: 1 content:é, sz: 7 content:";
    static const char fits[] =
        "message: transactional: 1 prefix: p, sz: 1 content:é, sz: 2 content:é";
    struct td_parser t;
    struct td_change c;
    struct td_error e;

    td_parser_init(&t);
    ck_assert_int_eq(td_parse(&t, &c, (const unsigned char *)one, sizeof one - 1, &e), -1);
    t.converted = true;
    expect(&t, slice_str(one), slice_str("MESSAGE inside <p> <é>"));
    expect(&t, slice_str(fits), slice_str("MESSAGE inside <p, sz: 1 content:é> <é>"));
    ck_assert_int_eq(td_parse(&t, &c, (const unsigned char *)two, sizeof two - 1, &e), -1);
    td_parser_free(&t);
}
END_TEST

/* A table may have 1664 columns, so an UPDATE under FULL has twice as many; more can't be. */
static void put_columns(struct buf *b, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        buf_printf(b, " c%u[integer]:%u", i, i);
}

START_TEST(widest_row)
{
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    struct buf b;

    td_parser_init(&t);
    buf_init(&b, 1 << 20);
    buf_puts(&b, "table public.t: UPDATE: old-key:");
    put_columns(&b, 1664);
    buf_puts(&b, " new-tuple:");
    put_columns(&b, 1664);
    unsigned char *row = exact_copy(b.p, b.n);
    ck_assert_int_eq(td_parse(&t, &c, row, b.n, &e), 0);
    ck_assert_uint_eq(c.old.n, 1664);
    ck_assert_uint_eq(c.new.n, 1664);
    ck_slice_eq(c.old.columns[1663].name, "c1663");
    ck_slice_eq(c.new.columns[0].name, "c0");
    ck_slice_eq(c.new.columns[1663].value, "1663");
    free(row);
    buf_free(&b);
    td_parser_free(&t);
}
END_TEST

/* "more is an error": one more, and many more. */
START_TEST(too_wide_a_row)
{
    static const unsigned columns[] = {TD_MAX_COLUMNS + 1, 10000};
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    struct buf b;

    td_parser_init(&t);
    buf_init(&b, 1 << 20);
    buf_puts(&b, "table public.t: INSERT:");
    put_columns(&b, columns[_i]);
    unsigned char *row = exact_copy(b.p, b.n);
    ck_assert_int_eq(td_parse(&t, &c, row, b.n, &e), -1);
    ck_assert_uint_le(e.offset, b.n);
    free(row);
    buf_free(&b);
    td_parser_free(&t);
}
END_TEST

START_TEST(many_relations)
{
    enum { RELATIONS = 5000 };
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    struct buf b;

    td_parser_init(&t);
    buf_init(&b, 1 << 20);
    for (unsigned i = 0; i < RELATIONS; i++)
        buf_printf(&b, "%ss.t%u", i ? ", " : "table ", i);
    buf_puts(&b, ": TRUNCATE: cascade");
    unsigned char *row = exact_copy(b.p, b.n);
    ck_assert_int_eq(td_parse(&t, &c, row, b.n, &e), 0);
    ck_assert_uint_eq(c.n_relations, RELATIONS);
    ck_slice_eq(c.relations[0].name, "s.t0");
    ck_slice_eq(c.relations[RELATIONS - 1].name, "s.t4999");
    free(row);
    buf_free(&b);
    td_parser_free(&t);
}
END_TEST

Suite *suite_parser(void)
{
    Suite *s = suite_create("parser");
    TCase *t = tcase_create("rows");

    tcase_add_test(t, transactions);
    tcase_add_test(t, two_phase);
    tcase_add_test(t, nasty_names);
    tcase_add_test(t, types);
    tcase_add_test(t, values);
    tcase_add_test(t, images);
    tcase_add_test(t, truncates);
    tcase_add_test(t, messages);
    tcase_add_test(t, binary_messages);
    tcase_add_test(t, converted_messages);
    tcase_add_test(t, widest_row);
    tcase_add_loop_test(t, too_wide_a_row, 0, 2);
    tcase_add_test(t, many_relations);
    suite_add_tcase(s, t);
    return s;
}
