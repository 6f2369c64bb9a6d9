/* test_key.c - the keys of changes under every replica identity. */
#include <stdio.h>
#include <stdlib.h>

#include "route/key.h"
#include "unit/helpers.h"
#include "unit/suites.h"

/* What route_key said of a row, the keys joined by commas. */
struct answer {
    enum key_result result;
    struct buf now, was;
    bool moved;
    struct slice missing;
};

static void join(struct buf *b, const struct row_key *k)
{
    buf_init(b, 1000);
    for (uint32_t i = 0; i < k->n; i++) {
        if (i > 0)
            buf_putc(b, ',');
        buf_put_slice(b, k->column[i]->value);
    }
}

static void free_answer(struct answer *a)
{
    buf_free(&a->now);
    buf_free(&a->was);
}

static const struct {
    char identity;
    const char *keys, *row;
    enum key_result result;
    bool moved;
    const char *now, *was; /* was: "" also where nothing is known; of KEY_MISSING, now: its name */
} cases[] = {
    {'d', "id", "INSERT: b[text]:'x' id[integer]:7", KEY_FOUND, false, "7", ""},
    {'d', "b a", "INSERT: a[integer]:1 x[text]:'x' b[text]:'k'", KEY_FOUND, false, "k,1", ""},
    {'d', "\"Id\"", "INSERT: id[integer]:1 \"Id\"[integer]:2", KEY_FOUND, false, "2", ""},
    {'d', "id", "INSERT: parent_id[integer]:1", KEY_MISSING, false, "id", ""},
    {'d', "a b", "INSERT: a[integer]:1 c[integer]:2", KEY_MISSING, false, "b", ""},
    {'d', "id", "INSERT:", KEY_MISSING, false, "id", ""},
    {'d', "id", "INSERT: (no-tuple-data)", KEY_MISSING, false, "id", ""},
    {'d', "id", "INSERT: id[integer]:null", KEY_MISSING, false, "id", ""},
    /* UPDATE: an old key is printed when the key changes, or when it was large. */
    {'d', "id", "UPDATE: id[integer]:7 b[text]:'x'", KEY_FOUND, false, "7", ""},
    {'d', "id", "UPDATE: old-key: id[integer]:7 new-tuple: id[integer]:8", KEY_FOUND, true, "8",
     "7"},
    {'d', "a b",
     "UPDATE: old-key: a[integer]:1 b[text]:'k' new-tuple: a[integer]:1 b[text]:'l' c[text]:'x'",
     KEY_FOUND, true, "1,l", "1,k"},
    {'d', "b a", "UPDATE: old-key: a[integer]:1 b[integer]:2 new-tuple: a[integer]:2 b[integer]:1",
     KEY_FOUND, true, "1,2", "2,1"},
    {'d', "id", "UPDATE: old-key: id[text]:'big' new-tuple: id[text]:unchanged-toast-datum",
     KEY_FOUND, false, "big", "big"},
    {'d', "a b",
     "UPDATE: old-key: a[integer]:1 b[text]:'it''s' new-tuple: a[integer]:2 "
     "b[text]:unchanged-toast-datum",
     KEY_FOUND, true, "2,it''s", "1,it''s"},
    {'n', "id", "UPDATE: id[text]:unchanged-toast-datum", KEY_NOT_LOGGED, false, "", ""},
    {'i', "a id", "UPDATE: a[integer]:1 id[text]:unchanged-toast-datum", KEY_NOT_LOGGED, false, "",
     ""},
    {'d', "id", "UPDATE: idx[integer]:1", KEY_MISSING, false, "id", ""},
    /* FULL */
    {'f', "id", "UPDATE: old-key: id[integer]:7 b[text]:'x' new-tuple: id[integer]:7 b[text]:'y'",
     KEY_FOUND, false, "7", "7"},
    {'f', "id", "UPDATE: old-key: b[text]:'x' id[integer]:7 new-tuple: b[text]:null id[integer]:8",
     KEY_FOUND, true, "8", "7"},
    {'f', "id", "DELETE: a[text]:'x' id[integer]:7", KEY_FOUND, false, "7", ""},
    {'f', "id", "DELETE: a[text]:'x'", KEY_MISSING, false, "id", ""},
    {'f', "id", "DELETE:", KEY_MISSING, false, "id", ""},
    /* USING INDEX: the old image is that index's. */
    {'i', "id", "UPDATE: old-key: code[text]:'a' new-tuple: id[integer]:8 code[text]:'b'",
     KEY_FOUND, false, "8", ""},
    {'i', "id",
     "UPDATE: old-key: id[integer]:7 code[text]:'a' new-tuple: id[integer]:8 code[text]:'b'",
     KEY_FOUND, true, "8", "7"},
    {'i', "id", "DELETE: code[text]:'a'", KEY_NOT_LOGGED, false, "", ""},
    {'i', "id", "DELETE: code[text]:'a' id[integer]:7", KEY_FOUND, false, "7", ""},
    {'i', "a b", "DELETE: a[integer]:1 code[text]:'a'", KEY_NOT_LOGGED, false, "", ""},
    /* NOTHING */
    {'n', "id", "UPDATE: id[integer]:7", KEY_FOUND, false, "7", ""},
    {'n', "id", "DELETE: (no-tuple-data)", KEY_NOT_LOGGED, false, "", ""},
    /* DELETE under DEFAULT */
    {'d', "id", "DELETE: id[integer]:7", KEY_FOUND, false, "7", ""},
    {'d', "b a", "DELETE: a[integer]:1 b[text]:'k'", KEY_FOUND, false, "k,1", ""},
    {'d', "id", "DELETE: (no-tuple-data)", KEY_NOT_LOGGED, false, "", ""},
    {'d', "id2", "DELETE: id[integer]:7", KEY_MISSING, false, "id2", ""},
    {'d', "a b", "DELETE: a[integer]:7", KEY_MISSING, false, "b", ""},
};

static void ask(struct answer *a, struct sample *s, struct table *t)
{
    struct row_keys keys;

    a->missing = slice_of(NULL, 0);
    memset(&keys, 0xAA, sizeof keys);
    a->result = route_key(&keys, &s->change, t, &a->missing);
    a->moved = keys.moved;
    if (a->result == KEY_MISSING)
        keys.now.n = keys.was.n = 0;
    join(&a->now, &keys.now);
    join(&a->was, &keys.was);
}

START_TEST(keys)
{
    struct table *t = table_make("public.t", cases[_i].identity, cases[_i].keys);
    struct sample s;
    struct answer a;
    char row[256];

    snprintf(row, sizeof row, "table public.t: %s", cases[_i].row);
    sample_init(&s, row, "");
    ask(&a, &s, t);
    ck_assert_msg(a.result == cases[_i].result, "%s: result %d", row, (int)a.result);
    if (a.result == KEY_MISSING) {
        check_slice(__FILE__, __LINE__, a.missing, slice_str(cases[_i].now));
    } else {
        ck_assert(a.moved == cases[_i].moved);
        check_slice(__FILE__, __LINE__, buf_slice(&a.now), slice_str(cases[_i].now));
        check_slice(__FILE__, __LINE__, buf_slice(&a.was), slice_str(cases[_i].was));
    }
    free_answer(&a);
    sample_free(&s);
    free(t);
}
END_TEST

START_TEST(hints_follow_the_row)
{
    struct table *t = table_make("public.t", 'd', "b a");
    struct sample s;
    struct answer a;

    t->key[0].hint = 77;
    sample_init(&s, "table public.t: INSERT: x[integer]:0 a[integer]:1 y[integer]:0 b[integer]:2",
                "");
    ask(&a, &s, t);
    ck_assert_int_eq(a.result, KEY_FOUND);
    ck_assert_uint_eq(t->key[0].hint, 3);
    ck_assert_uint_eq(t->key[1].hint, 1);
    ck_slice_eq(buf_slice(&a.now), "2,1");
    free_answer(&a);
    sample_free(&s);
    /* A row of another form: the hints are wrong, the answer is not. */
    sample_init(&s, "table public.t: DELETE: a[integer]:1 b[integer]:2", "");
    ask(&a, &s, t);
    ck_slice_eq(buf_slice(&a.now), "2,1");
    ck_assert_uint_eq(t->key[0].hint, 1);
    ck_assert_uint_eq(t->key[1].hint, 0);
    free_answer(&a);
    sample_free(&s);
    free(t);
}
END_TEST

START_TEST(widest_key)
{
    struct table *t = table_make("public.t", 'd', "");
    char names[KEY_MAX + 1][8];
    struct sample s;
    struct answer a;
    struct buf row;

    buf_init(&row, 10000);
    buf_puts(&row, "table public.t: INSERT:");
    for (uint32_t i = 0; i <= KEY_MAX; i++) {
        snprintf(names[i], sizeof names[i], "c%u", i);
        buf_printf(&row, " c%u[integer]:%u", i, i);
        t->key[i].name = slice_str(names[i]);
    }
    sample_init(&s, buf_cstr(&row), "");
    t->n_key = KEY_MAX;
    ask(&a, &s, t);
    ck_assert_int_eq(a.result, KEY_FOUND);
    ck_assert_uint_gt(a.now.n, KEY_MAX);
    free_answer(&a);
    t->n_key = KEY_MAX + 1;
    ask(&a, &s, t);
    ck_assert_int_eq(a.result, KEY_MISSING);
    ck_slice_eq(a.missing, "c32");
    free_answer(&a);
    sample_free(&s);
    buf_free(&row);
    free(t);
}
END_TEST

Suite *suite_key(void)
{
    Suite *s = suite_create("key");
    TCase *t = tcase_create("key");

    tcase_add_loop_test(t, keys, 0, sizeof cases / sizeof *cases);
    tcase_add_test(t, hints_follow_the_row);
    tcase_add_test(t, widest_key);
    suite_add_tcase(s, t);
    return s;
}
