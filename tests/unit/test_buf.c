/* test_buf.c - the growing buffer: its ceiling, its sticky failure, its growth. */
#include <stdlib.h>

#include "unit/helpers.h"
#include "unit/suites.h"

START_TEST(starts_empty)
{
    struct buf b;

    buf_init(&b, 10);
    ck_assert_uint_eq(b.n, 0);
    ck_assert_uint_eq(b.max, 10);
    ck_assert(!b.failed);
    ck_assert_uint_eq(buf_slice(&b).n, 0);
    buf_put(&b, NULL, 0);
    buf_put_slice(&b, slice_of(NULL, 0));
    buf_puts(&b, "");
    ck_assert(!b.failed);
    ck_assert_str_eq(buf_cstr(&b), "");
    buf_free(&b);
    buf_free(&b);
}
END_TEST

START_TEST(takes_what_fits_to_the_byte)
{
    struct buf b;

    buf_init(&b, 10);
    buf_puts(&b, "01234");
    buf_putc(&b, '5');
    buf_put(&b, "678", 3);
    buf_put_slice(&b, SLICE_LIT("9"));
    ck_assert(!b.failed);
    ck_slice_eq(buf_slice(&b), "0123456789");
    buf_put(&b, "x", 0);
    ck_assert(!b.failed);
    buf_putc(&b, 'x');
    ck_assert(b.failed);
    ck_slice_eq(buf_slice(&b), "0123456789");
    buf_free(&b);
}
END_TEST

START_TEST(failure_is_sticky)
{
    struct buf b;

    buf_init(&b, 10);
    buf_puts(&b, "abc");
    buf_puts(&b, "12345678");
    ck_assert(b.failed);
    buf_putc(&b, 'd');
    buf_puts(&b, "d");
    buf_put_u64(&b, 1);
    buf_printf(&b, "d");
    buf_put_slice(&b, SLICE_LIT("d"));
    ck_assert_int_eq(buf_reserve(&b, 1), -1);
    ck_slice_eq(buf_slice(&b), "abc");
    ck_assert_str_eq(buf_cstr(&b), "");
    buf_clear(&b);
    ck_assert(!b.failed);
    ck_assert_uint_eq(b.n, 0);
    buf_puts(&b, "new");
    ck_assert_str_eq(buf_cstr(&b), "new");
    buf_free(&b);
}
END_TEST

START_TEST(reserve_makes_room_only)
{
    struct buf b;

    buf_init(&b, 100000);
    ck_assert_int_eq(buf_reserve(&b, 0), 0);
    ck_assert_int_eq(buf_reserve(&b, 100000), 0);
    ck_assert_uint_eq(b.n, 0);
    ck_assert_uint_ge(b.cap, 100000);
    memset(b.p, 'x', 100000);
    b.n = 100000;
    ck_assert_int_eq(buf_reserve(&b, 0), 0);
    ck_assert_int_eq(buf_reserve(&b, 1), -1);
    ck_assert(b.failed);
    buf_clear(&b);
    ck_assert_int_eq(buf_reserve(&b, 100001), -1);
    buf_clear(&b);
    buf_putc(&b, 'x');
    ck_assert_int_eq(buf_reserve(&b, SIZE_MAX), -1);
    ck_assert_uint_eq(b.n, 1);
    buf_free(&b);
}
END_TEST

START_TEST(grows_and_keeps)
{
    struct buf b;

    buf_init(&b, 1000000);
    for (unsigned i = 0; i < 100000; i++)
        buf_putc(&b, (char)('a' + i % 26));
    ck_assert(!b.failed);
    ck_assert_uint_eq(b.n, 100000);
    for (unsigned i = 0; i < 100000; i++)
        MUST(b.p[i] == 'a' + i % 26);
    size_t cap = b.cap;
    buf_clear(&b);
    ck_assert_uint_eq(b.cap, cap);
    buf_free(&b);
    ck_assert_uint_eq(b.cap, 0);
    ck_assert_uint_eq(b.max, 1000000);
    buf_puts(&b, "again");
    ck_slice_eq(buf_slice(&b), "again");
    buf_free(&b);
}
END_TEST

START_TEST(every_ceiling_holds)
{
    static char text[2000];

    memset(text, 'x', sizeof text);
    for (size_t max = 1; max < sizeof text; max += max < 600 ? 1 : 97) {
        struct buf b;
        buf_init(&b, max);
        for (size_t n = 0; n < max; n++)
            buf_putc(&b, 'x');
        MUST(!b.failed && b.n == max);
        buf_putc(&b, 'x');
        MUST(b.failed && b.n == max);
        buf_clear(&b);
        buf_put(&b, text, max);
        MUST(!b.failed && b.n == max);
        buf_free(&b);
        buf_put(&b, text, max + 1);
        MUST(b.failed && b.n == 0);
        buf_free(&b);
    }
}
END_TEST

START_TEST(numbers)
{
    struct buf b;

    buf_init(&b, 100);
    buf_put_u64(&b, 0);
    buf_putc(&b, ' ');
    buf_put_u64(&b, 9);
    buf_putc(&b, ' ');
    buf_put_u64(&b, 10);
    buf_putc(&b, ' ');
    buf_put_u64(&b, UINT64_MAX);
    ck_slice_eq(buf_slice(&b), "0 9 10 18446744073709551615");
    buf_free(&b);
}
END_TEST

START_TEST(prints)
{
    struct buf b;

    buf_init(&b, 1000);
    buf_printf(&b, "%s-%d", "a", -5);
    buf_printf(&b, "%s", "");
    buf_printf(&b, "|%0300d|", 7);
    ck_assert(!b.failed);
    ck_assert_uint_eq(b.n, 4 + 302);
    ck_assert_str_eq(buf_cstr(&b) + 300, "00007|");
    ck_assert_uint_eq(b.n, 4 + 302);
    buf_printf(&b, "%0900d", 1);
    ck_assert(b.failed);
    ck_assert_uint_eq(b.n, 4 + 302);
    buf_free(&b);
}
END_TEST

/* "failed is set when an append would pass max bytes": these don't pass it. */
START_TEST(prints_up_to_the_ceiling)
{
    struct buf b;

    buf_init(&b, 10);
    buf_printf(&b, "%s", "0123456789");
    ck_assert(!b.failed);
    ck_slice_eq(buf_slice(&b), "0123456789");
    buf_free(&b);
}
END_TEST

/* "The contents with a NUL after them (not counted in n)". */
START_TEST(cstr_up_to_the_ceiling)
{
    struct buf b;

    buf_init(&b, 10);
    buf_puts(&b, "0123456789");
    ck_assert_str_eq(buf_cstr(&b), "0123456789");
    ck_assert(!b.failed);
    buf_free(&b);
}
END_TEST

START_TEST(cstr_ends_with_the_contents)
{
    struct buf b;

    buf_init(&b, 1000);
    buf_puts(&b, "abcdef");
    ck_assert_str_eq(buf_cstr(&b), "abcdef");
    buf_clear(&b);
    buf_puts(&b, "xy");
    ck_assert_str_eq(buf_cstr(&b), "xy");
    ck_assert_uint_eq(b.n, 2);
    buf_free(&b);
}
END_TEST

Suite *suite_buf(void)
{
    Suite *s = suite_create("buf");
    TCase *t = tcase_create("buf");

    tcase_add_test(t, starts_empty);
    tcase_add_test(t, takes_what_fits_to_the_byte);
    tcase_add_test(t, failure_is_sticky);
    tcase_add_test(t, reserve_makes_room_only);
    tcase_add_test(t, grows_and_keeps);
    tcase_add_test(t, every_ceiling_holds);
    tcase_add_test(t, numbers);
    tcase_add_test(t, prints);
    tcase_add_test(t, prints_up_to_the_ceiling);
    tcase_add_test(t, cstr_up_to_the_ceiling);
    tcase_add_test(t, cstr_ends_with_the_contents);
    suite_add_tcase(s, t);
    return s;
}
