/* test_catalog.c - the primary-key cache, fed with results that no server made. */
#include <stdio.h>
#include <stdlib.h>

#include "source/catalog.h"
#include "unit/helpers.h"
#include "unit/suites.h"

struct row {
    const char *name, *identity, *key; /* NULL is NULL */
};

static struct catalog cat;
static struct err e;

static PGresult *result(int columns)
{
    static char names[][10] = {"name", "identity", "key", "more"};
    PGresAttDesc desc[4] = {0};
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

    for (int i = 0; i < columns; i++)
        desc[i].name = names[i];
    ck_assert_ptr_nonnull(res);
    ck_assert_int_eq(PQsetResultAttrs(res, columns, desc), 1);
    return res;
}

static void cell(PGresult *res, int row, int column, const char *text)
{
    char *copy = text ? strdup(text) : NULL;

    ck_assert_int_eq(PQsetvalue(res, row, column, copy, text ? (int)strlen(text) : -1), 1);
    free(copy);
}

/* Rows up to one of all NULLs, then the snapshot's. */
static PGresult *answer(const struct row *rows, const char *snapshot, const char *lsn)
{
    PGresult *res = result(3);
    int n = 0;

    for (; rows[n].name; n++) {
        cell(res, n, 0, rows[n].name);
        cell(res, n, 1, rows[n].identity);
        cell(res, n, 2, rows[n].key);
    }
    cell(res, n, 0, NULL);
    cell(res, n, 1, snapshot);
    cell(res, n, 2, lsn);
    return res;
}

static void load(const struct row *rows, const char *snapshot, const char *lsn, lsn_t acknowledged)
{
    PGresult *res = answer(rows, snapshot, lsn);

    e = (struct err){0};
    ck_assert_msg(catalog_load(&cat, res, acknowledged, &e) == 0, "%s", e.text);
    PQclear(res); /* nothing may be borrowed from it */
}

static struct table *find(const char *name)
{
    return catalog_find(&cat, slice_str(name));
}

/* "name(key,key)identity" of a table and of the older ones behind it. */
static void is(struct table *t, const char *want)
{
    struct buf b;

    buf_init(&b, 1000);
    for (; t; t = t->older) {
        buf_put_slice(&b, t->name);
        buf_putc(&b, '(');
        for (uint32_t i = 0; i < t->n_key; i++) {
            buf_puts(&b, i ? "," : "");
            buf_put_slice(&b, t->key[i].name);
        }
        buf_putc(&b, ')');
        if (t->unknown)
            buf_puts(&b, "unknown");
        else
            buf_putc(&b, t->replica_identity);
        buf_puts(&b, t->older ? " " : "");
    }
    ck_assert_str_eq(buf_cstr(&b), want);
    buf_free(&b);
}

static void set_up(void)
{
    catalog_init(&cat);
}

static void tear_down(void)
{
    catalog_free(&cat);
}

static const struct row first[] = {
    {"public.t", "d", "id"},    {"public.comp", "f", "b"},
    {"public.comp", "f", "a"},  {"public.comp", "f", "\"C d\""},
    {"public.nopk", "n", NULL}, {"\"My.Schema\".\"t: \"\"q\"\"\"", "i", "\"Id\""},
    {NULL, NULL, NULL},
};

START_TEST(starts_empty)
{
    ck_assert_ptr_null(find("public.t"));
    ck_assert(!catalog_covers(&cat, 0));
    ck_assert(!catalog_covers(&cat, 5));
    ck_assert(!cat.loaded);
}
END_TEST

START_TEST(loads)
{
    load(first, "100:100:", "0/1000", 0);
    ck_assert(cat.loaded);
    ck_assert_uint_eq(cat.n, 4);
    ck_assert_uint_eq(cat.current, 4);
    ck_assert_uint_eq(cat.with_key, 3);
    for (int i = 0; i < 2; i++) { /* the second time it was found last */
        is(find("public.t"), "public.t(id)d");
        is(find("public.comp"), "public.comp(b,a,\"C d\")f");
        is(find("public.nopk"), "public.nopk()n");
        is(find("\"My.Schema\".\"t: \"\"q\"\"\""), "\"My.Schema\".\"t: \"\"q\"\"\"(\"Id\")i");
    }
    ck_assert_uint_eq(find("public.t")->retired, 0);
    ck_assert_ptr_null(find("public.t2"));
    ck_assert_ptr_null(find("public."));
    ck_assert_ptr_null(find(""));
    ck_assert_ptr_null(find("t"));
}
END_TEST

START_TEST(loads_nothing)
{
    static const struct row none[] = {{NULL, NULL, NULL}};

    load(none, "3:3:", "0/0", 0);
    ck_assert(cat.loaded);
    ck_assert_uint_eq(cat.n, 0);
    ck_assert_ptr_null(find("public.t"));
}
END_TEST

START_TEST(loads_many)
{
    enum { TABLES = 3000 };
    static char names[TABLES][20];
    static struct row rows[TABLES * 2 + 1];

    for (int i = 0; i < TABLES; i++) {
        snprintf(names[i], sizeof names[i], "public.t%d", i);
        rows[2 * i] = (struct row){names[i], "d", "a"};
        rows[2 * i + 1] = (struct row){names[i], "d", "b"};
    }
    for (int again = 0; again < 2; again++) {
        load(rows, "100:100:", "0/1000", 0);
        ck_assert_uint_eq(cat.n, TABLES);
        for (int i = 0; i < TABLES; i++) {
            struct table *t = find(names[i]);
            MUST(t && t->n_key == 2 && slice_eq(t->name, slice_str(names[i])));
            MUST(slice_eq(t->key[0].name, SLICE_LIT("a")) && !t->older);
        }
    }
}
END_TEST

/* A definition that changes is kept behind the new one until the slot has passed the change. */
START_TEST(replaces)
{
    static const struct row second[] = {{"public.t", "d", "uuid"}, {NULL, NULL, NULL}};
    static const struct row third[] = {{"public.t", "f", "uuid"}, {NULL, NULL, NULL}};

    load(first, "100:100:", "0/1000", 0);
    load(second, "110:110:", "0/2000", 0x1000);
    is(find("public.t"), "public.t(uuid)d public.t(id)d");
    ck_assert_uint_eq(find("public.t")->retired, 0);
    ck_assert_uint_eq(find("public.t")->older->retired, 0x2000);
    load(third, "120:120:", "0/3000", 0x1FFF);
    is(find("public.t"), "public.t(uuid)f public.t(uuid)d public.t(id)d");
    ck_assert_uint_eq(find("public.t")->older->retired, 0x3000);
    load(third, "130:130:", "0/4000", 0x2000);
    is(find("public.t"), "public.t(uuid)f public.t(uuid)d");
    load(third, "140:140:", "0/5000", 0x3000);
    is(find("public.t"), "public.t(uuid)f");
}
END_TEST

START_TEST(retires)
{
    static const struct row second[] = {{"public.t", "d", "id"}, {NULL, NULL, NULL}};

    load(first, "100:100:", "0/1000", 0);
    load(second, "110:110:", "0/2000", 0);
    ck_assert_uint_eq(cat.current, 1);
    ck_assert_uint_eq(cat.with_key, 1);
    is(find("public.comp"), "public.comp(b,a,\"C d\")f");
    ck_assert_uint_eq(find("public.comp")->retired, 0x2000);
    /* It stays retired as of then. */
    load(second, "120:120:", "0/3000", 0x1FFF);
    ck_assert_uint_eq(find("public.comp")->retired, 0x2000);
    load(second, "130:130:", "0/4000", 0x2000);
    ck_assert_ptr_null(find("public.comp"));
    ck_assert_ptr_null(find("public.nopk"));
    ck_assert_uint_eq(cat.n, 1);
    is(find("public.t"), "public.t(id)d");
}
END_TEST

START_TEST(comes_back)
{
    static const struct row none[] = {{NULL, NULL, NULL}};
    static const struct row again[] = {{"public.t", "d", "id2"}, {NULL, NULL, NULL}};

    load(first, "100:100:", "0/1000", 0);
    load(none, "110:110:", "0/2000", 0);
    load(again, "120:120:", "0/3000", 0);
    is(find("public.t"), "public.t(id2)d public.t(id)d");
    ck_assert_uint_eq(find("public.t")->older->retired, 0x2000);
    ck_assert_uint_eq(cat.current, 1);
    load(again, "130:130:", "0/4000", 0x2000);
    is(find("public.t"), "public.t(id2)d");
}
END_TEST

START_TEST(flags_are_carried_over)
{
    static const struct row second[] = {{"public.t", "d", "id"},
                                        {"public.nopk", "d", NULL},
                                        {NULL, NULL, NULL}};

    load(first, "100:100:", "0/1000", 0);
    find("public.t")->said_no_old_key = true;
    find("public.nopk")->said = true;
    find("public.comp")->said = true;
    load(first, "110:110:", "0/2000", 0);
    ck_assert(find("public.t")->said_no_old_key && !find("public.t")->said);
    ck_assert(find("public.nopk")->said && !find("public.nopk")->said_no_old_key);
    /* A changed definition is told anew. */
    load(second, "120:120:", "0/3000", 0);
    ck_assert(find("public.t")->said_no_old_key);
    ck_assert(!find("public.nopk")->said);
    ck_assert(find("public.comp")->said);
}
END_TEST

/* Older definitions live on while the current one is confirmed. */
START_TEST(older_ones_are_carried_over)
{
    static const struct row second[] = {{"public.t", "d", "uuid"}, {NULL, NULL, NULL}};

    load(first, "100:100:", "0/1000", 0);
    load(second, "110:110:", "0/2000", 0);
    load(second, "120:120:", "0/3000", 0);
    is(find("public.t"), "public.t(uuid)d public.t(id)d");
    ck_assert_uint_eq(find("public.t")->older->retired, 0x2000);
}
END_TEST

START_TEST(unknown_names)
{
    struct table *t = catalog_note_unknown(&cat, SLICE_LIT("public.gone"), 0x1500);

    ck_assert_ptr_nonnull(t);
    ck_assert(t->unknown);
    ck_assert_uint_eq(t->n_key, 0);
    ck_assert_ptr_eq(find("public.gone"), t);
    ck_assert_uint_eq(cat.current, 0);
    load(first, "100:100:", "0/1000", 0x1400);
    is(find("public.gone"), "public.gone()unknown");
    find("public.gone")->said = true;
    load(first, "110:110:", "0/2000", 0x14FF);
    ck_assert(find("public.gone")->said);
    load(first, "120:120:", "0/3000", 0x1500);
    ck_assert_ptr_null(find("public.gone"));
}
END_TEST

START_TEST(unknown_becomes_known)
{
    catalog_note_unknown(&cat, SLICE_LIT("public.t"), 0x1500);
    load(first, "100:100:", "0/2000", 0x1000);
    is(find("public.t"), "public.t(id)d public.t()unknown");
    ck_assert(!find("public.t")->unknown);
    load(first, "110:110:", "0/3000", 0x1500);
    is(find("public.t"), "public.t(id)d");
}
END_TEST

START_TEST(many_unknown_names)
{
    char name[20];

    load(first, "100:100:", "0/1000", 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "gone.t%d", i);
        struct table *t = catalog_note_unknown(&cat, slice_str(name), 0x2000);
        MUST(t && slice_eq(t->name, slice_str(name)));
    }
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "gone.t%d", i);
        MUST(find(name) && find(name)->unknown);
    }
    is(find("public.t"), "public.t(id)d");
    ck_assert_uint_eq(cat.n, 1004);
    ck_assert_uint_eq(cat.current, 4);
    load(first, "110:110:", "0/3000", 0x2000);
    ck_assert_uint_eq(cat.n, 4);
}
END_TEST

/* A pointer found last mustn't outlive a load. */
START_TEST(found_last)
{
    static const struct row none[] = {{NULL, NULL, NULL}};

    load(first, "100:100:", "0/1000", 0);
    ck_assert_ptr_nonnull(find("public.t"));
    load(none, "110:110:", "0/2000", 0x5000);
    ck_assert_ptr_null(find("public.t"));
}
END_TEST

static const struct {
    const char *snapshot;
    uint32_t xid;
    bool covered;
} cover_cases[] = {
    {"100:100:", 99, true},
    {"100:100:", 100, false},
    {"100:100:", 101, false},
    {"100:100:", 0, true}, /* no transaction: nothing to wait for */
    {"100:110:100,105", 99, true},
    {"100:110:100,105", 100, false},
    {"100:110:100,105", 101, true},
    {"100:110:100,105", 105, false},
    {"100:110:100,105", 109, true},
    {"100:110:100,105", 110, false},
    {"100:110:100", 100, false},
    {"100:110:100", 104, true},
    /* Numbers of 64 bits: the epoch is above. */
    {"4294967396:4294967406:4294967396", 99, true},
    {"4294967396:4294967406:4294967396", 100, false},
    {"4294967396:4294967406:4294967396", 101, true},
    {"4294967396:4294967406:4294967396", 110, false},
    {"4294967396:4294967406:4294967396", 4294967295u, true}, /* before the wrap */
    /* A snapshot that spans the wrap. */
    {"4294967290:4294967300:4294967290,4294967299", 4294967289u, true},
    {"4294967290:4294967300:4294967290,4294967299", 4294967290u, false},
    {"4294967290:4294967300:4294967290,4294967299", 4294967295u, true},
    {"4294967290:4294967300:4294967290,4294967299", 3, false},
    {"4294967290:4294967300:4294967290,4294967299", 4, false},
    {"4294967290:4294967290:", 4, false}, /* after it */
    {"4294967290:4294967290:", 4294967280u, true},
};

START_TEST(covers)
{
    static const struct row none[] = {{NULL, NULL, NULL}};
    load(none, cover_cases[_i].snapshot, "0/1000", 0);
    ck_assert_msg(catalog_covers(&cat, cover_cases[_i].xid) == cover_cases[_i].covered, "%s of %u",
                  cover_cases[_i].snapshot, cover_cases[_i].xid);
}
END_TEST

/* A result that can't be right changes nothing. */
static void refused(PGresult *res)
{
    e = (struct err){0};
    ck_assert_int_eq(catalog_load(&cat, res, 0, &e), -1);
    ck_assert_int_eq(e.code, ERR_SOURCE);
    ck_assert_uint_eq(cat.n, 4);
    is(find("public.t"), "public.t(id)d");
    ck_assert(catalog_covers(&cat, 99));
    ck_assert(!catalog_covers(&cat, 100));
    PQclear(res);
}

START_TEST(refuses)
{
    static const char *const snapshots[] = {"",
                                            "100",
                                            "x",
                                            "100:",
                                            "100:x:",
                                            ":100:",
                                            "100;110;",
                                            "100:110:x",
                                            "100:110:100;105",
                                            "100:110:100,,105"};
    PGresult *res;

    load(first, "100:100:", "0/1000", 0);
    for (size_t i = 0; i < sizeof snapshots / sizeof *snapshots; i++)
        refused(answer(first, snapshots[i], "0/2000"));
    refused(answer(first, "100:100:", "x"));
    refused(answer(first, "100:100:", NULL));
    refused(result(3)); /* no rows */
    res = result(2);
    cell(res, 0, 0, NULL);
    cell(res, 0, 1, "100:100:");
    refused(res);
    res = result(4);
    for (int i = 0; i < 4; i++)
        cell(res, 0, i, NULL);
    refused(res);
    res = result(3); /* the last row is a table's */
    cell(res, 0, 0, "public.x");
    cell(res, 0, 1, "d");
    cell(res, 0, 2, "0/2000");
    refused(res);
}
END_TEST

START_TEST(query)
{
    ck_has(catalog_query, "pg_index");
    ck_has(catalog_query, "indisprimary");
    ck_has(catalog_query, "quote_ident(a.attname)");
    ck_has(catalog_query, "format('%I.%I'");
    /* It hides keys of tables on which the role has no more than SELECT. */
    ck_assert_ptr_null(strstr(catalog_query, "information_schema."));
}
END_TEST

Suite *suite_catalog(void)
{
    Suite *s = suite_create("catalog");
    TCase *t = tcase_create("catalog");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, starts_empty);
    tcase_add_test(t, loads);
    tcase_add_test(t, loads_nothing);
    tcase_add_test(t, loads_many);
    tcase_add_test(t, replaces);
    tcase_add_test(t, retires);
    tcase_add_test(t, comes_back);
    tcase_add_test(t, flags_are_carried_over);
    tcase_add_test(t, older_ones_are_carried_over);
    tcase_add_test(t, unknown_names);
    tcase_add_test(t, unknown_becomes_known);
    tcase_add_test(t, many_unknown_names);
    tcase_add_test(t, found_last);
    tcase_add_loop_test(t, covers, 0, sizeof cover_cases / sizeof *cover_cases);
    tcase_add_test(t, refuses);
    tcase_add_test(t, query);
    suite_add_tcase(s, t);
    return s;
}
