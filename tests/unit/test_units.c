/* test_units.c - sizes, durations and counts as people write them. */
#include "base/units.h"
#include "unit/helpers.h"
#include "unit/suites.h"

START_TEST(sizes)
{
    static const struct {
        const char *text;
        uint64_t bytes;
    } good[] = {
        {"0", 0},
        {"0B", 0},
        {"1B", 1},
        {"000032MB", 32u << 20},
        {"32MB", 32u << 20},
        {"32mb", 32u << 20},
        {"32MiB", 32u << 20},
        {"1kB", 1024},
        {"1KB", 1024},
        {"1KiB", 1024},
        {"3GB", (uint64_t)3 << 30},
        {"3gib", (uint64_t)3 << 30},
        {"2TB", (uint64_t)2 << 40},
        {"2TiB", (uint64_t)2 << 40},
        {"9223372036854775807B", INT64_MAX},
        {"8388607TB", (uint64_t)8388607 << 40},
    };
    static const char *const bad[] = {
        "",
        "1",
        "MB",
        "-1MB",
        "+1MB",
        " 1MB",
        "1 MB",
        "1MB ",
        "1M",
        "1.5MB",
        "1MBs",
        "0x1MB",
        "1XB",
        "00x",
        "1e3B",
        "9223372036854775808B",
        "8388608TB",
        "18446744073709551616B",
        "99999999999999999999999MB",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        uint64_t v = 42;
        ck_assert_msg(units_size(&v, good[i].text), "%s", good[i].text);
        ck_assert_uint_eq(v, good[i].bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t v;
        ck_assert_msg(!units_size(&v, bad[i]), "%s", bad[i]);
    }
}
END_TEST

START_TEST(durations)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"0", 0},
        {"0ms", 0},
        {"100ms", 100},
        {"1s", 1000},
        {"2S", 2000},
        {"1min", 60000},
        {"1m", 60000},
        {"1h", 3600000},
        {"2d", 172800000},
        {"9223372036854775807ms", INT64_MAX},
        {"106751991167d", INT64_C(106751991167) * 86400000},
    };
    static const char *const bad[] = {
        "",
        "1",
        "ms",
        "-1s",
        "1.5s",
        "1 s",
        "1s ",
        " 1s",
        "1sec",
        "1hours",
        "1us",
        "1mon",
        "1w",
        "1MB",
        "9223372036854775808ms",
        "106751991168d",
        "18446744073709551616s",
    };

    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        int64_t v = 42;
        ck_assert_msg(units_duration(&v, good[i].text), "%s", good[i].text);
        ck_assert_int_eq(v, good[i].ms);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        int64_t v;
        ck_assert_msg(!units_duration(&v, bad[i]), "%s", bad[i]);
    }
}
END_TEST

START_TEST(counts)
{
    static const char *const bad[] = {
        "", "-1", "+1", " 1", "1 ", "1k", "1.", "x", "0x1", "1,000", "18446744073709551616"};
    uint64_t v;

    ck_assert(units_count(&v, "0"));
    ck_assert_uint_eq(v, 0);
    ck_assert(units_count(&v, "500000"));
    ck_assert_uint_eq(v, 500000);
    ck_assert(units_count(&v, "18446744073709551615"));
    ck_assert_uint_eq(v, UINT64_MAX);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!units_count(&v, bad[i]), "%s", bad[i]);
}
END_TEST

Suite *suite_units(void)
{
    Suite *s = suite_create("units");
    TCase *t = tcase_create("units");

    tcase_add_test(t, sizes);
    tcase_add_test(t, durations);
    tcase_add_test(t, counts);
    suite_add_tcase(s, t);
    return s;
}
