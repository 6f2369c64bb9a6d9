/* test_backoff.c - exponential waits with full jitter, and their bounds. */
#include "base/backoff.h"
#include "unit/helpers.h"
#include "unit/suites.h"

START_TEST(bounds)
{
    static const struct {
        unsigned attempt;
        int64_t first, most, top; /* top: the longest wait */
    } cases[] = {
        {0, 100, 10000, 100},
        {1, 100, 10000, 200},
        {6, 100, 10000, 6400},
        {7, 100, 10000, 10000},
        {8, 100, 10000, 10000},
        {4000000000u, 100, 10000, 10000},
        {0, 1, 1, 1},
        {9, 1, 1, 1},
        {0, 500, 500, 500},
        {1, 300, 500, 500},
        {62, 1, INT64_MAX, INT64_C(1) << 62},
        {63, 1, INT64_MAX, INT64_MAX},
        {64, 1, INT64_MAX, INT64_MAX},
        {4000000000u, 1, INT64_MAX, INT64_MAX},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned a = cases[i].attempt;
        int64_t first = cases[i].first, most = cases[i].most, top = cases[i].top;
        ck_assert_int_eq(backoff_ms(a, first, most, 0), 1);
        ck_assert_int_eq(backoff_ms(a, first, most, (uint64_t)top - 1), top);
        ck_assert_int_ge(backoff_ms(a, first, most, UINT64_MAX), 1);
        ck_assert_int_le(backoff_ms(a, first, most, UINT64_MAX), top);
    }
}
END_TEST

/* Full jitter: every wait from 1 ms to the longest comes up. */
START_TEST(jitter_is_full)
{
    bool seen[101] = {false};

    for (uint64_t random = 0; random < 1000; random++) {
        int64_t ms = backoff_ms(0, 100, 1000, random);
        MUST(ms >= 1 && ms <= 100);
        seen[ms] = true;
    }
    for (size_t i = 1; i <= 100; i++)
        MUST(seen[i]);
}
END_TEST

Suite *suite_backoff(void)
{
    Suite *s = suite_create("backoff");
    TCase *t = tcase_create("backoff");

    tcase_add_test(t, bounds);
    tcase_add_test(t, jitter_is_full);
    suite_add_tcase(s, t);
    return s;
}
