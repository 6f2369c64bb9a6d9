/* test_retry.c - the back-off's bounds, and when trouble is told. */
#include <check.h>

#include "sink/retry.h"
#include "sink/trouble.h"

Suite *suite_retry(void);

START_TEST(bounds)
{
    static const struct {
        unsigned attempt;
        int64_t most;
    } cases[] = {{0, 100},  {1, 100},   {2, 200},    {3, 400},
                 {7, 6400}, {8, 10000}, {64, 10000}, {4000000000u, 10000}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t most = (uint64_t)cases[i].most;
        ck_assert_int_eq(retry_delay_ms(cases[i].attempt, 0), 1);
        ck_assert_int_eq(retry_delay_ms(cases[i].attempt, most - 1), cases[i].most);
        ck_assert_int_eq(retry_delay_ms(cases[i].attempt, most), 1);
        ck_assert_int_le(retry_delay_ms(cases[i].attempt, UINT64_MAX), cases[i].most);
    }
}
END_TEST

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

Suite *suite_retry(void)
{
    Suite *s = suite_create("retry");
    TCase *t = tcase_create("retry");

    tcase_add_test(t, bounds);
    tcase_add_test(t, trouble_is_told_rarely);
    suite_add_tcase(s, t);
    return s;
}
