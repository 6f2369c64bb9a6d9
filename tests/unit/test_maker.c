/* test_maker.c - the records of a row, against a source that answers from a script. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "format/formats.h"
#include "decode/row_error.h"
#include "pipeline/maker.h"
#include "unit/helpers.h"
#include "unit/suites.h"

enum { MOST_TABLES = 16 };

/* Knows the tables it was given; `answers` is what renew says, call by call, 0 at its end. */
struct fake {
    struct source base;
    struct table *table[MOST_TABLES];
    size_t n;
    bool asleep; /* table() doesn't know yet */
    bool converts;
    const char *answers;
    unsigned renewed;
    uint32_t xid;
};

static int fake_table(struct source *base, struct slice name, uint32_t xid, struct table **out)
{
    struct fake *f = (struct fake *)base;

    f->xid = xid;
    if (f->asleep)
        return 0;
    for (size_t i = 0; i < f->n; i++) {
        if (slice_eq(f->table[i]->name, name)) {
            *out = f->table[i];
            return 1;
        }
    }
    return 0;
}

static int fake_renew(struct source *base, uint32_t xid)
{
    struct fake *f = (struct fake *)base;

    f->xid = xid;
    f->renewed++;
    return *f->answers ? *f->answers++ == '1' : 0;
}

static bool fake_converts(const struct source *base)
{
    return ((const struct fake *)base)->converts;
}

static int fake_complain(const struct source *s, const struct txn_row *r,
                         const struct td_error *why, struct err *err)
{
    (void)s;
    return row_error(err, r->place, r->text.p, r->text.n, why);
}

static const struct source_ops fake_ops = {.table = fake_table,
                                           .complain = fake_complain,
                                           .renew = fake_renew,
                                           .converts = fake_converts};

static struct fake source;
static struct maker maker;
static struct pipeline_counts counts;
static uint64_t next_index;
static struct err e;

static const struct pipeline_config config = {.slot = "s", .partition = {.by = PARTITION_PK}};
static const struct txn txn = {.lsn = 0x16B374D848,
                               .xid = 31337,
                               .time = {(const unsigned char *)"2026-11-21 02:13:46+00", 22}};

static struct table *know(const char *name, char identity, const char *keys)
{
    return source.table[source.n++] = table_make(name, identity, keys);
}

static void set_up(void)
{
    log_setup(LOG_ERROR, false);
    source = (struct fake){.base = {&fake_ops}, .answers = ""};
    counts = (struct pipeline_counts){0};
    next_index = 0;
    maker_init(&maker, &config, &source.base, &format_csv, &counts);
    know("public.t", 'd', "id");
}

static void tear_down(void)
{
    maker_free(&maker);
    while (source.n > 0) {
        struct table *t = source.table[--source.n];
        while (t) {
            struct table *older = t->older;
            free(t);
            t = older;
        }
    }
}

/* Makes the records of a row, which is gone afterwards. */
static int make(const char *row)
{
    unsigned char *copy = exact_copy(row, strlen(row));
    struct txn_row r = {.place = 0x1600000000, .text = slice_of(copy, strlen(row))};

    e = (struct err){0};
    int got = maker_row(&maker, &txn, &r, &next_index, &e);
    free(copy);
    return got;
}

/* "index key record" of each, a line each. */
static void made_is(const char *want)
{
    struct buf b;

    buf_init(&b, 1 << 16);
    for (uint32_t i = 0; i < maker.n_made; i++) {
        buf_printf(&b, "%s%" PRIu64 " ", i ? "\n" : "", maker.made[i].index);
        buf_put_slice(&b, maker_key(&maker, &maker.made[i]));
        buf_putc(&b, ' ');
        buf_put_slice(&b, maker_data(&maker, &maker.made[i]));
    }
    ck_assert_str_eq(buf_cstr(&b), want);
    buf_free(&b);
}

START_TEST(indexes_go_on)
{
    ck_assert_int_eq(make("table public.t: INSERT: id[integer]:7"), 1);
    made_is("0 7 0,CDC,31337,public.t,INSERT,7");
    ck_assert_uint_eq(next_index, 1);
    ck_assert_uint_eq(source.xid, 31337);
    ck_assert_int_eq(make("table public.t: UPDATE: id[integer]:7"), 1);
    made_is("1 7 0,CDC,31337,public.t,UPDATE,7");
    ck_assert_int_eq(make("table public.t: DELETE: id[integer]:7"), 1);
    made_is("2 7 0,CDC,31337,public.t,DELETE,7");
    ck_assert_uint_eq(next_index, 3);
    ck_assert_uint_eq(counts.changes, 3);
    ck_assert_uint_eq(counts.unkeyed + counts.unknown, 0);
    ck_assert_uint_eq(source.renewed, 0);
}
END_TEST

/* An UPDATE with an old image takes two indexes, whether or not it makes two records. */
START_TEST(moves_are_two_records)
{
    ck_assert_int_eq(make("table public.t: UPDATE: old-key: id[integer]:7 new-tuple: "
                          "id[integer]:8"),
                     1);
    made_is("0 7 0,CDC,31337,public.t,DELETE,7\n1 8 0,CDC,31337,public.t,INSERT,8");
    ck_assert_uint_eq(next_index, 2);
    ck_assert_int_eq(make("table public.t: UPDATE: old-key: id[integer]:8 x[text]:'a' new-tuple: "
                          "id[integer]:8 x[text]:'b'"),
                     1);
    made_is("2 8 0,CDC,31337,public.t,UPDATE,8");
    ck_assert_uint_eq(next_index, 4);
    ck_assert_uint_eq(counts.changes, 2);
}
END_TEST

START_TEST(moves_in_json)
{
    maker.format = &format_json;
    ck_assert_int_eq(make("table public.t: UPDATE: old-key: id[integer]:7 b[text]:'it''s' "
                          "new-tuple: id[integer]:8 b[text]:unchanged-toast-datum"),
                     1);
    ck_assert_uint_eq(maker.n_made, 2);
    ck_slice_eq(maker_data(&maker, &maker.made[0]),
                "{\"pos\":\"16/B374D848:0\",\"lsn\":\"16/B374D848\",\"xid\":31337,"
                "\"ts\":\"2026-11-21T02:13:46Z\",\"op\":\"delete\",\"schema\":\"public\","
                "\"table\":\"t\",\"key\":{\"id\":7},\"old\":{\"id\":7,\"b\":\"it's\"}}");
    ck_slice_eq(maker_data(&maker, &maker.made[1]),
                "{\"pos\":\"16/B374D848:1\",\"lsn\":\"16/B374D848\",\"xid\":31337,"
                "\"ts\":\"2026-11-21T02:13:46Z\",\"op\":\"insert\",\"schema\":\"public\","
                "\"table\":\"t\",\"key\":{\"id\":8},\"new\":{\"id\":8,\"b\":\"it's\"}}");
}
END_TEST

START_TEST(truncate_is_one_a_table)
{
    know("public.u", 'd', "");
    know("public.v", 'd', "a b");
    ck_assert_int_eq(make("table public.t, public.u, public.v: TRUNCATE: (no-flags)"), 1);
    made_is("0 public.t 0,CDC,31337,public.t,TRUNCATE,\n"
            "2 public.v 0,CDC,31337,public.v,TRUNCATE,");
    ck_assert_uint_eq(next_index, 3);
    ck_assert_uint_eq(counts.unkeyed, 1);
    ck_assert_uint_eq(counts.changes, 1);
}
END_TEST

START_TEST(truncate_of_many)
{
    static char names[12][16];
    struct buf row;

    buf_init(&row, 1000);
    for (size_t i = 0; i < 12; i++) {
        snprintf(names[i], sizeof names[i], "s.t%zu", i);
        know(names[i], 'd', "id");
        buf_printf(&row, "%s%s", i ? ", " : "table ", names[i]);
    }
    buf_puts(&row, ": TRUNCATE: cascade");
    ck_assert_int_eq(make(buf_cstr(&row)), 1);
    ck_assert_uint_eq(maker.n_made, 12);
    ck_assert_uint_eq(maker.made[11].index, 11);
    ck_slice_eq(maker_data(&maker, &maker.made[11]), "0,CDC,31337,s.t11,TRUNCATE,");
    ck_slice_eq(maker_key(&maker, &maker.made[0]), "s.t0");
    ck_assert_uint_eq(next_index, 12);
    buf_free(&row);
}
END_TEST

/* Not known yet: nothing has happened, and the next call starts anew. */
START_TEST(waits_for_the_table)
{
    static const char *const rows[] = {
        "table public.t: INSERT: id[integer]:7",
        "table public.t: TRUNCATE: (no-flags)",
        "table public.t, public.new_: TRUNCATE: (no-flags)",
    };

    next_index = 5;
    source.asleep = _i < 2;
    ck_assert_int_eq(make(rows[_i]), 0);
    ck_assert_int_eq(make(rows[_i]), 0);
    ck_assert_uint_eq(maker.n_made, 0);
    ck_assert_uint_eq(next_index, 5);
    ck_assert_uint_eq(counts.changes, 0);
    source.asleep = false;
    know("public.new_", 'd', "id");
    ck_assert_int_eq(make(rows[_i]), 1);
    ck_assert_uint_eq(maker.made[0].index, 5);
    ck_assert_uint_eq(counts.changes, 1);
}
END_TEST

START_TEST(no_key_and_not_there)
{
    struct table *gone = know("public.gone", 'd', "");
    struct table *nopk = know("public.nopk", 'd', "");

    gone->unknown = true;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(make("table public.nopk: INSERT: id[integer]:7"), 1);
        ck_assert_uint_eq(maker.n_made, 0);
        ck_assert_int_eq(make("table public.nopk: DELETE: (no-tuple-data)"), 1);
        ck_assert_int_eq(make("table public.gone: INSERT: id[integer]:7"), 1);
        ck_assert_uint_eq(maker.n_made, 0);
        ck_assert(nopk->said && gone->said);
    }
    ck_assert_uint_eq(counts.unkeyed, 4);
    ck_assert_uint_eq(counts.unknown, 2);
    ck_assert_uint_eq(counts.changes, 6);
    ck_assert_uint_eq(next_index, 6);
    ck_assert_uint_eq(source.renewed, 0);
}
END_TEST

/* A key column that isn't in the row: the catalog is asked, and then the row is made again. */
START_TEST(renews_then_finds)
{
    static const char row[] = "table public.t: INSERT: id2[integer]:7";

    source.answers = "1";
    ck_assert_int_eq(make(row), 0);
    ck_assert_uint_eq(source.renewed, 1);
    ck_assert_uint_eq(source.xid, 31337);
    ck_assert_uint_eq(next_index, 0);
    ck_assert_uint_eq(counts.changes, 0);
    source.table[0]->key[0].name = SLICE_LIT("id2");
    ck_assert_int_eq(make(row), 1);
    made_is("0 7 0,CDC,31337,public.t,INSERT,7");
    ck_assert_uint_eq(source.renewed, 1);
}
END_TEST

/* The catalog has nothing newer: the row was written under a definition before. */
START_TEST(older_definitions)
{
    struct table *t = source.table[0];

    t->older = table_make("public.t", 'd', "");
    t->older->older = table_make("public.t", 'd', "other");
    t->older->older->older = table_make("public.t", 'd', "b a");
    source.answers = "10";
    ck_assert_int_eq(make("table public.t: INSERT: a[integer]:7 b[integer]:8"), 0);
    ck_assert_int_eq(make("table public.t: INSERT: a[integer]:7 b[integer]:8"), 1);
    made_is("0 8,7 0,CDC,31337,public.t,INSERT,8,7");
    ck_assert_uint_eq(source.renewed, 2);
    /* The newest that fits wins. */
    ck_assert_int_eq(make("table public.t: INSERT: a[integer]:7 b[integer]:8 other[integer]:9"), 1);
    made_is("1 9 0,CDC,31337,public.t,INSERT,9");
    ck_assert_int_eq(make("table public.t: INSERT: id[integer]:1 other[integer]:9"), 1);
    made_is("2 1 0,CDC,31337,public.t,INSERT,1");
}
END_TEST

START_TEST(stops_at_a_key_that_is_missing)
{
    source.answers = "1000";
    ck_assert_int_eq(make("table public.t: INSERT: id2[integer]:7"), 0);
    ck_assert_int_eq(make("table public.t: INSERT: id2[integer]:7"), -1);
    ck_assert_int_eq(e.code, ERR_SYNTAX);
    ck_has(e.text, "lsn 16/0:");
    ck_has(e.text, "id of public.t");
    ck_has(e.text, "16/B374D848");
    ck_has(e.text, "table public.t: INSERT: id2[integer]:7\n      ^");
    ck_assert_uint_eq(next_index, 0);
    ck_assert_uint_eq(counts.changes, 0);
    /* No older definition fits either. */
    source.table[0]->older = table_make("public.t", 'd', "id3");
    ck_assert_int_eq(make("table public.t: DELETE: id2[integer]:7"), -1);
    ck_has(e.text, "id of public.t");
}
END_TEST

START_TEST(deletes_without_a_key)
{
    struct table *t = source.table[0];

    t->replica_identity = 'n';
    ck_assert_int_eq(make("table public.t: DELETE: (no-tuple-data)"), 1);
    made_is("0 public.t 0,CDC,31337,public.t,DELETE,");
    ck_assert(t->said_no_old_key);
    t->replica_identity = 'i';
    ck_assert_int_eq(make("table public.t: DELETE: code[text]:'x'"), 1);
    made_is("1 public.t 0,CDC,31337,public.t,DELETE,");
    ck_assert_uint_eq(source.renewed, 0);
    ck_assert_uint_eq(counts.changes, 2);
    ck_assert_uint_eq(counts.unkeyed, 0);
}
END_TEST

START_TEST(messages)
{
    ck_assert_int_eq(make("message: transactional: 1 prefix: p, sz: 1 content:x"), 1);
    ck_assert_uint_eq(maker.n_made, 0);
    ck_assert_uint_eq(next_index, 1);
    maker.format = &format_json;
    ck_assert_int_eq(make("message: transactional: 1 prefix: p, sz: 1 content:x"), 1);
    ck_assert_uint_eq(maker.n_made, 1);
    ck_assert_uint_eq(maker.made[0].index, 1);
    ck_slice_eq(maker_key(&maker, &maker.made[0]), "p");
    ck_assert_uint_eq(next_index, 2);
    ck_assert_uint_eq(counts.changes, 2);
    /* é is one byte in a LATIN1 database. */
    ck_assert_int_eq(make("message: transactional: 1 prefix: p, sz: 1 content:é"), -1);
    ck_assert_int_eq(e.code, ERR_SYNTAX);
    source.converts = true;
    ck_assert_int_eq(make("message: transactional: 1 prefix: p, sz: 1 content:é"), 1);
    ck_assert_uint_eq(maker.n_made, 1);
}
END_TEST

START_TEST(rows_that_are_no_changes)
{
    static const char *const rows[] = {
        "BEGIN 31337",
        "COMMIT 31337",
        "PREPARE TRANSACTION 'g', txid 31337",
        "COMMIT PREPARED 'g', txid 31337",
        "ROLLBACK PREPARED 'g', txid 31337",
        "nonsense",
        "",
        "table public.t: INSERT: id[integer]:",
    };

    ck_assert_int_eq(make(rows[_i]), -1);
    ck_assert_int_eq(e.code, ERR_SYNTAX);
    ck_has(e.text, "lsn 16/0: byte ");
    ck_has(e.text, "^");
    ck_assert_uint_eq(next_index, 0);
    ck_assert_uint_eq(counts.changes, 0);
}
END_TEST

START_TEST(a_record_that_cannot_be_made)
{
    maker.format = &format_csv_payload;
    ck_assert_int_eq(make("table public.t: INSERT: id[text]:'\xff'"), -1);
    ck_assert_int_eq(e.code, ERR_RECORD);
    ck_has(e.text, "16/B374D848:0");
    ck_assert_int_eq(make("table public.t: INSERT: id[text]:'x'"), 1);
    ck_assert_uint_eq(maker.n_made, 1);
}
END_TEST

/* The second record of a row, too. */
START_TEST(a_second_record_that_cannot_be_made)
{
    static const char *const rows[] = {
        "table public.t: UPDATE: old-key: id[text]:'x' new-tuple: id[text]:'\xff'",
        "table public.t: UPDATE: old-key: id[text]:'\xff' new-tuple: id[text]:'x'",
        "table public.t, \"\xff\".t: TRUNCATE: (no-flags)",
    };

    know("\"\xff\".t", 'd', "id");
    maker.format = &format_csv_payload;
    ck_assert_int_eq(make(rows[_i]), -1);
    ck_assert_int_eq(e.code, ERR_RECORD);
    ck_has(e.text, _i == 1 ? "16/B374D848:0" : "16/B374D848:1");
    ck_assert_uint_eq(next_index, 0);
    ck_assert_uint_eq(counts.changes, 0);
}
END_TEST

/* A huge row's memory is given back with the next. */
START_TEST(huge_row)
{
    enum { HUGE = 5 << 20 };
    struct buf row;

    maker.format = &format_json;
    buf_init(&row, HUGE + 100);
    buf_puts(&row, "table public.t: INSERT: id[integer]:7 b[text]:'");
    ck_assert_int_eq(buf_reserve(&row, HUGE), 0);
    memset(row.p + row.n, 'x', HUGE);
    row.n += HUGE;
    buf_puts(&row, "'");
    ck_assert_int_eq(make(buf_cstr(&row)), 1);
    ck_assert_uint_gt(maker_data(&maker, &maker.made[0]).n, HUGE);
    ck_assert_int_eq(make("table public.t: INSERT: id[integer]:8"), 1);
    ck_assert_uint_lt(maker.data.cap, HUGE);
    buf_free(&row);
}
END_TEST

Suite *suite_maker(void)
{
    Suite *s = suite_create("maker");
    TCase *t = tcase_create("maker");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, indexes_go_on);
    tcase_add_test(t, moves_are_two_records);
    tcase_add_test(t, moves_in_json);
    tcase_add_test(t, truncate_is_one_a_table);
    tcase_add_test(t, truncate_of_many);
    tcase_add_loop_test(t, waits_for_the_table, 0, 3);
    tcase_add_test(t, no_key_and_not_there);
    tcase_add_test(t, renews_then_finds);
    tcase_add_test(t, older_definitions);
    tcase_add_test(t, stops_at_a_key_that_is_missing);
    tcase_add_test(t, deletes_without_a_key);
    tcase_add_test(t, messages);
    tcase_add_loop_test(t, rows_that_are_no_changes, 0, 8);
    tcase_add_test(t, a_record_that_cannot_be_made);
    tcase_add_loop_test(t, a_second_record_that_cannot_be_made, 0, 3);
    tcase_add_test(t, huge_row);
    suite_add_tcase(s, t);
    return s;
}
