/* test_columns.c - finding columns, recovering unchanged values, taking quotes off. */
#include <stdlib.h>

#include "unit/helpers.h"
#include "unit/suites.h"

START_TEST(find)
{
    struct sample s;
    const struct td_tuple *t = &s.change.new;

    sample_init(&s,
                "table public.t: INSERT: parent_id[integer]:1 id[integer]:2 \"id\"\"\"[text]:'q'",
                "");
    for (uint32_t hint = 0; hint < 5; hint++) {
        ck_assert_ptr_eq(td_find_column(t, SLICE_LIT("id"), hint), &t->columns[1]);
        ck_assert_ptr_eq(td_find_column(t, SLICE_LIT("parent_id"), hint), &t->columns[0]);
        ck_assert_ptr_eq(td_find_column(t, SLICE_LIT("\"id\"\"\""), hint), &t->columns[2]);
        ck_assert_ptr_null(td_find_column(t, SLICE_LIT("_id"), hint));
        ck_assert_ptr_null(td_find_column(t, SLICE_LIT("i"), hint));
        ck_assert_ptr_null(td_find_column(t, SLICE_LIT("\"id\""), hint));
        ck_assert_ptr_null(td_find_column(t, SLICE_LIT(""), hint));
    }
    ck_assert_ptr_eq(td_find_column(t, SLICE_LIT("id"), UINT32_MAX), &t->columns[1]);
    sample_free(&s);
}
END_TEST

START_TEST(find_in_nothing)
{
    struct td_tuple none = {0};

    ck_assert_ptr_null(td_find_column(&none, SLICE_LIT("id"), 0));
    none.present = true;
    ck_assert_ptr_null(td_find_column(&none, SLICE_LIT("id"), 7));
}
END_TEST

/* sample_init recovers. */
START_TEST(recovers_from_a_full_old_row)
{
    struct sample s;

    sample_init(&s,
                "table public.t: UPDATE: old-key: id[integer]:1 big[text]:'it''s' more[text]:'m' "
                "new-tuple: id[integer]:1 nil[text]:null big[text]:unchanged-toast-datum "
                "more[text]:unchanged-toast-datum n[integer]:2",
                "");
    const struct td_column *c = s.change.new.columns;
    ck_assert_int_eq(c[2].kind, TD_TEXT);
    ck_assert(c[2].doubled);
    ck_slice_eq(c[2].value, "it''s");
    ck_slice_eq(c[2].name, "big");
    ck_slice_eq(c[2].type, "text");
    ck_assert_int_eq(c[3].kind, TD_TEXT);
    ck_assert(!c[3].doubled);
    ck_slice_eq(c[3].value, "m");
    ck_assert_int_eq(c[1].kind, TD_NULL);
    ck_slice_eq(c[4].value, "2");
    ck_slice_eq(s.change.old.columns[1].value, "it''s");
    sample_free(&s);
}
END_TEST

START_TEST(leaves_what_it_cannot_find)
{
    static const char *const rows[] = {
        "table public.t: UPDATE: id[integer]:1 big[text]:unchanged-toast-datum",
        "table public.t: UPDATE: old-key: id[integer]:1 new-tuple: id[integer]:2 "
        "big[text]:unchanged-toast-datum",
        "table public.t: UPDATE: old-key: new-tuple: id[integer]:2 "
        "big[text]:unchanged-toast-datum",
        "table public.t: UPDATE: old-key: id[integer]:1 big[text]:unchanged-toast-datum "
        "new-tuple: id[integer]:2 big[text]:unchanged-toast-datum",
        "table public.t: UPDATE: old-key: id[integer]:1 \"big\"\"\"[text]:'x' "
        "new-tuple: id[integer]:2 big[text]:unchanged-toast-datum",
        "table public.t: INSERT: id[integer]:1 big[text]:unchanged-toast-datum",
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct sample s;
        sample_init(&s, rows[i], "");
        ck_assert_msg(s.change.new.columns[1].kind == TD_UNCHANGED, "%s", rows[i]);
        sample_free(&s);
    }
}
END_TEST

START_TEST(recovers_other_kinds)
{
    struct sample s;

    sample_init(&s,
                "table public.t: UPDATE: old-key: a[numeric]:1.5 b[bit varying]:B'01' "
                "c[numeric]:NaN new-tuple: a[numeric]:unchanged-toast-datum "
                "b[bit varying]:unchanged-toast-datum c[numeric]:unchanged-toast-datum",
                "");
    const struct td_column *c = s.change.new.columns;
    ck_assert_int_eq(c[0].kind, TD_NUMBER);
    ck_slice_eq(c[0].value, "1.5");
    ck_assert_int_eq(c[1].kind, TD_BITS);
    ck_slice_eq(c[1].value, "01");
    ck_assert_int_eq(c[2].kind, TD_SPECIAL);
    sample_free(&s);
}
END_TEST

START_TEST(names)
{
    static const struct {
        const char *printed, *name;
    } cases[] = {
        {"id", "id"},       {"\"Id\"", "Id"},         {"\"a\"\"b\"", "a\"b"},
        {"\"\"\"\"", "\""}, {"\"\"\"\"\"\"", "\"\""}, {"\"a.b\"", "a.b"},
        {"\"'\"", "'"},     {"\"x\"\"\"", "x\""},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = strlen(cases[i].printed);
        unsigned char *in = exact_copy(cases[i].printed, n);
        unsigned char *out = malloc(n);
        MUST(out != NULL);
        size_t got = td_unquote_name(out, slice_of(in, n));
        check_slice(__FILE__, __LINE__, slice_of(out, got), slice_str(cases[i].name));
        free(in);
        free(out);
    }
    ck_assert_uint_eq(td_unquote_name(NULL, slice_of(NULL, 0)), 0);
}
END_TEST

START_TEST(values)
{
    struct sample s;
    unsigned char out[100];

    sample_init(&s,
                "table public.t: INSERT: a[text]:'it''s' b[text]:'' c[text]:'''' d[text]:'\"\"' "
                "e[integer]:12 f[bit]:B'01' g[text]:''''''",
                "");
    const struct td_column *c = s.change.new.columns;
    ck_slice_eq(slice_of(out, td_unquote_value(out, &c[0])), "it's");
    ck_assert_uint_eq(td_unquote_value(out, &c[1]), 0);
    ck_slice_eq(slice_of(out, td_unquote_value(out, &c[2])), "'");
    ck_slice_eq(slice_of(out, td_unquote_value(out, &c[3])), "\"\"");
    ck_slice_eq(slice_of(out, td_unquote_value(out, &c[4])), "12");
    ck_slice_eq(slice_of(out, td_unquote_value(out, &c[5])), "01");
    ck_slice_eq(slice_of(out, td_unquote_value(out, &c[6])), "''");
    sample_free(&s);
}
END_TEST

Suite *suite_columns(void)
{
    Suite *s = suite_create("columns");
    TCase *t = tcase_create("columns");

    tcase_add_test(t, find);
    tcase_add_test(t, find_in_nothing);
    tcase_add_test(t, recovers_from_a_full_old_row);
    tcase_add_test(t, leaves_what_it_cannot_find);
    tcase_add_test(t, recovers_other_kinds);
    tcase_add_test(t, names);
    tcase_add_test(t, values);
    suite_add_tcase(s, t);
    return s;
}
