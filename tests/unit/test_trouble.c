/* test_trouble.c - when trouble is told. */
#include <check.h>

#include "sink/trouble.h"

Suite *suite_trouble(void);

START_TEST(trouble_is_told_rarely)
{
    struct trouble t = {0};

    ck_assert(!trouble_over(&t));
    ck_assert(trouble_note(&t, 1000));
    ck_assert(!trouble_note(&t, 1001));
    ck_assert(!trouble_note(&t, 30999));
    ck_assert(trouble_note(&t, 31000));
    ck_assert_uint_eq(t.failures, 4);
    ck_assert(trouble_over(&t));
    ck_assert(!trouble_over(&t));
    /* A new streak soon after: neither its start nor its end is worth a line yet. */
    ck_assert(!trouble_note(&t, 32000));
    ck_assert_int_eq(t.since_ms, 32000);
    ck_assert(!trouble_over(&t));
    ck_assert(!trouble_note(&t, 60000));
    ck_assert(trouble_note(&t, 61000));
    ck_assert(trouble_over(&t));
}
END_TEST

Suite *suite_trouble(void)
{
    Suite *s = suite_create("trouble");
    TCase *t = tcase_create("trouble");

    tcase_add_test(t, trouble_is_told_rarely);
    suite_add_tcase(s, t);
    return s;
}
