/* test_err.c - the error struct: codes, texts, cutting. */
#include <errno.h>
#include <stdlib.h>

#include "base/err.h"
#include "unit/helpers.h"
#include "unit/suites.h"

START_TEST(sets)
{
    struct err e;

    ck_assert_int_eq(err_set(&e, ERR_SOURCE, "slot %s: %d", "x", 5), -1);
    ck_assert_int_eq(e.code, ERR_SOURCE);
    ck_assert_str_eq(e.text, "slot x: 5");
    ck_assert_int_eq(err_set(&e, ERR_USAGE, "%s", ""), -1);
    ck_assert_int_eq(e.code, ERR_USAGE);
    ck_assert_str_eq(e.text, "");
}
END_TEST

START_TEST(codes_are_exit_codes)
{
    ck_assert_int_eq(ERR_NONE, 0);
    ck_assert_int_eq(ERR_SYSTEM, 1);
    ck_assert_int_eq(ERR_USAGE, 2);
    ck_assert_int_eq(ERR_SOURCE, 3);
    ck_assert_int_eq(ERR_SYNTAX, 4);
    ck_assert_int_eq(ERR_SINK, 5);
    ck_assert_int_eq(ERR_RECORD, 6);
}
END_TEST

START_TEST(says_errno)
{
    struct err e;

    errno = ENOENT;
    ck_assert_int_eq(err_sys(&e, "file %s: cannot open", "x"), -1);
    ck_assert_int_eq(e.code, ERR_SYSTEM);
    ck_assert_str_eq(e.text, "file x: cannot open: No such file or directory");
}
END_TEST

START_TEST(cuts)
{
    struct err *e = malloc(sizeof *e); /* alone, so that ASan sees what passes its end */
    char text[2 * sizeof e->text];

    ck_assert_ptr_nonnull(e);
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = 0;
    ck_assert_int_eq(err_set(e, ERR_SINK, "%s", text), -1);
    ck_assert_uint_eq(strlen(e->text), sizeof e->text - 1);
    errno = ENOENT;
    ck_assert_int_eq(err_sys(e, "%s", text), -1);
    ck_assert_uint_eq(strlen(e->text), sizeof e->text - 1);
    /* Room for a part of the reason. */
    text[sizeof e->text - 5] = 0;
    errno = ENOENT;
    err_sys(e, "%s", text);
    ck_assert_str_eq(e->text + sizeof e->text - 5, ": No");
    free(e);
}
END_TEST

Suite *suite_err(void)
{
    Suite *s = suite_create("err");
    TCase *t = tcase_create("err");

    tcase_add_test(t, sets);
    tcase_add_test(t, codes_are_exit_codes);
    tcase_add_test(t, says_errno);
    tcase_add_test(t, cuts);
    suite_add_tcase(s, t);
    return s;
}
