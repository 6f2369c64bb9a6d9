/* test_lsn.c - LSNs as PostgreSQL writes and reads them. */
#include "base/lsn.h"
#include "unit/helpers.h"
#include "unit/suites.h"

static const struct {
    lsn_t lsn;
    const char *text;
} pairs[] = {
    {0, "0/0"},
    {1, "0/1"},
    {0x16B374D848, "16/B374D848"},
    {0x100000000, "1/0"},
    {0xFFFFFFFF, "0/FFFFFFFF"},
    {0xABCDEF01u, "0/ABCDEF01"},
    {UINT64_MAX, "FFFFFFFF/FFFFFFFF"},
};

START_TEST(both_ways)
{
    char text[LSN_TEXT];
    lsn_t lsn = 42;

    ck_assert_ptr_eq(lsn_text(text, pairs[_i].lsn), text);
    ck_assert_str_eq(text, pairs[_i].text);
    ck_assert(lsn_parse(&lsn, slice_str(pairs[_i].text)));
    ck_assert_uint_eq(lsn, pairs[_i].lsn);
}
END_TEST

START_TEST(put)
{
    struct buf b;

    buf_init(&b, 100);
    lsn_put(&b, 0x16B374D848);
    lsn_put(&b, 0);
    ck_slice_eq(buf_slice(&b), "16/B374D8480/0");
    buf_free(&b);
}
END_TEST

START_TEST(reads_more_than_it_writes)
{
    lsn_t lsn;

    ck_assert(lsn_parse(&lsn, SLICE_LIT("16/b374d848")));
    ck_assert_uint_eq(lsn, 0x16B374D848);
    ck_assert(lsn_parse(&lsn, SLICE_LIT("00000016/0000000A")));
    ck_assert_uint_eq(lsn, 0x160000000A);
    /* No further than the slice. */
    ck_assert(lsn_parse(&lsn, slice_of("1/23456", 4)));
    ck_assert_uint_eq(lsn, 0x100000023);
}
END_TEST

START_TEST(refuses)
{
    static const char *const bad[] = {
        "",     "/",           "1",    "1/",   "/1",   "1/2/3", "g/0",         "0/g",
        " 1/2", "1/2 ",        "1 /2", "-1/2", "1/-2", "0x1/2", "123456789/0", "0/123456789",
        "//1",  "000000001/0", "1\\2",
    };
    lsn_t lsn = 42;

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!lsn_parse(&lsn, slice_str(bad[i])), "%s", bad[i]);
    ck_assert(!lsn_parse(&lsn, slice_of(NULL, 0)));
    ck_assert(!lsn_parse(&lsn, slice_of("1/2\0", 4)));
    ck_assert_uint_eq(lsn, 42);
}
END_TEST

Suite *suite_lsn(void)
{
    Suite *s = suite_create("lsn");
    TCase *t = tcase_create("lsn");

    tcase_add_loop_test(t, both_ways, 0, sizeof pairs / sizeof *pairs);
    tcase_add_test(t, put);
    tcase_add_test(t, reads_more_than_it_writes);
    tcase_add_test(t, refuses);
    suite_add_tcase(s, t);
    return s;
}
