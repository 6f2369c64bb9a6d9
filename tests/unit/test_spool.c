/* test_spool.c - the rows of a transaction: in memory, over its edge, in a file, and back. */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "source/spool.h"
#include "unit/helpers.h"
#include "unit/suites.h"

enum { ROW_HEAD = 13 }; /* what a row takes in memory besides itself */

static struct spool spool;
static struct err e;

static void start(size_t cap)
{
    ck_assert_int_eq(spool_init(&spool, cap, scratch_dir(), &e), 0);
}

static void put(lsn_t lsn, const char *row)
{
    unsigned char *copy = exact_copy(row, strlen(row));

    ck_assert_int_eq(spool_append(&spool, lsn, slice_of(copy, strlen(row)), &e), 0);
    free(copy); /* it was copied */
}

static void get(lsn_t lsn, const char *row)
{
    struct slice got = {0};
    lsn_t at = 0;

    ck_assert_int_eq(spool_next(&spool, &at, &got, &e), 1);
    ck_assert_uint_eq(at, lsn);
    check_slice(__FILE__, __LINE__, got, slice_str(row));
    ck_assert_int_eq(got.p[got.n], 0);
}

static void get_end(void)
{
    struct slice got;
    lsn_t at;

    ck_assert_int_eq(spool_next(&spool, &at, &got, &e), 0);
    ck_assert_int_eq(spool_next(&spool, &at, &got, &e), 0);
}

START_TEST(empty)
{
    start(1000);
    get_end();
    spool_reset(&spool);
    get_end();
    spool_free(&spool);
}
END_TEST

START_TEST(memory_only)
{
    start(1000);
    put(1, "BEGIN");
    put(UINT64_MAX, "");
    put(3, "table public.t: INSERT: id[integer]:7");
    ck_assert_ptr_null(spool.file);
    get(1, "BEGIN");
    get(UINT64_MAX, "");
    get(3, "table public.t: INSERT: id[integer]:7");
    get_end();
    spool_free(&spool);
}
END_TEST

/* To the byte: what fits in memory stays there. */
START_TEST(spills_at_the_edge)
{
    for (size_t cap = 2 * (ROW_HEAD + 10) - 2; cap <= 2 * (ROW_HEAD + 10) + 1; cap++) {
        start(cap);
        put(1, "0123456789");
        ck_assert_ptr_null(spool.file);
        put(2, "abcdefghij");
        ck_assert((spool.file != NULL) == (cap < 2 * (ROW_HEAD + 10)));
        get(1, "0123456789");
        get(2, "abcdefghij");
        get_end();
        spool_free(&spool);
    }
}
END_TEST

/* Once a file is there all goes to it, even what would fit, so that the order is kept. */
START_TEST(order_is_kept)
{
    start(60);
    put(1, "one");
    put(2, "two: too long for what is left of the memory");
    put(3, "x");
    put(4, "");
    put(5, "y");
    get(1, "one");
    get(2, "two: too long for what is left of the memory");
    get(3, "x");
    get(4, "");
    get(5, "y");
    get_end();
    spool_free(&spool);
}
END_TEST

START_TEST(no_memory_at_all)
{
    start(0);
    put(1, "one");
    put(2, "");
    get(1, "one");
    get(2, "");
    get_end();
    spool_free(&spool);
}
END_TEST

START_TEST(file_has_no_name)
{
    start(0);
    put(1, "one");
    ck_assert_ptr_nonnull(spool.file);
    ck_assert_int_eq(scratch_count(), 0);
    spool_free(&spool);
}
END_TEST

START_TEST(used_again)
{
    start(30);
    for (int round = 0; round < 5; round++) {
        put(1, "first");
        put(2, "second: this one goes to the file");
        if (round != 3) { /* once nothing is read back, once only a part */
            get(1, "first");
            if (round != 2)
                get(2, "second: this one goes to the file");
        }
        spool_reset(&spool);
        ck_assert_ptr_null(spool.file);
        get_end();
        spool_reset(&spool);
        put(3, "small");
        ck_assert_ptr_null(spool.file);
        get(3, "small");
        get_end();
        spool_reset(&spool);
    }
    spool_free(&spool);
}
END_TEST

START_TEST(huge_row)
{
    enum { HUGE = 3 << 20 };
    unsigned char *row = malloc(HUGE);
    struct slice got;
    lsn_t at;

    ck_assert_ptr_nonnull(row);
    for (size_t i = 0; i < HUGE; i++)
        row[i] = (unsigned char)(i * 31 >> 3);
    start(1000);
    put(1, "before");
    ck_assert_int_eq(spool_append(&spool, 2, slice_of(row, HUGE), &e), 0);
    put(3, "after");
    get(1, "before");
    ck_assert_int_eq(spool_next(&spool, &at, &got, &e), 1);
    ck_assert(slice_eq(got, slice_of(row, HUGE)));
    ck_assert_int_eq(got.p[HUGE], 0);
    get(3, "after");
    get_end();
    spool_reset(&spool);
    ck_assert_uint_lt(spool.row.cap, HUGE); /* its memory is given back */
    spool_free(&spool);
    free(row);
}
END_TEST

START_TEST(empty_slice)
{
    start(100);
    ck_assert_int_eq(spool_append(&spool, 1, slice_of(NULL, 0), &e), 0);
    get(1, "");
    get_end();
    spool_free(&spool);
    start(0);
    ck_assert_int_eq(spool_append(&spool, 1, slice_of(NULL, 0), &e), 0);
    get(1, "");
    get_end();
    spool_free(&spool);
}
END_TEST

START_TEST(bad_directory)
{
    static const char *const dirs[] = {"/nonexistent/spool", "/dev/null"};

    ck_assert_int_eq(spool_init(&spool, 20, dirs[_i], &e), 0);
    put(1, "fits");
    ck_assert_int_eq(spool_append(&spool, 2, SLICE_LIT("too much"), &e), -1);
    ck_assert_int_eq(e.code, ERR_SYSTEM);
    ck_has(e.text, dirs[_i]);
    ck_one_line(e.text);
    spool_free(&spool);
}
END_TEST

/* A disk that is full, by way of the limit on a file's size. */
START_TEST(disk_full)
{
    struct rlimit was, low;
    static char row[100000];
    int got = 0;

    signal(SIGXFSZ, SIG_IGN);
    memset(row, 'x', sizeof row - 1);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
    low = was;
    low.rlim_cur = 300000;
    start(0);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
    for (int i = 0; i < 10 && got == 0; i++)
        got = spool_append(&spool, 1, slice_of(row, sizeof row), &e);
    setrlimit(RLIMIT_FSIZE, &was);
    ck_assert_int_eq(got, -1);
    ck_assert_int_eq(e.code, ERR_SYSTEM);
    ck_has(e.text, scratch_dir());
    spool_free(&spool);
}
END_TEST

/* What is still buffered meets the full disk when it is read back. */
START_TEST(disk_full_at_the_end)
{
    struct rlimit was, low;
    struct slice row;
    lsn_t at;

    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
    low = was;
    low.rlim_cur = 10;
    start(0);
    put(1, "a row of more than 10 bytes");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &low), 0);
    int got = spool_next(&spool, &at, &row, &e);
    setrlimit(RLIMIT_FSIZE, &was);
    ck_assert_int_eq(got, -1);
    ck_assert_int_eq(e.code, ERR_SYSTEM);
    spool_free(&spool);
}
END_TEST

START_TEST(file_cut_short)
{
    struct slice row;
    lsn_t at;

    for (off_t left = 0; left < 12 + 3; left += 7) {
        start(0);
        put(1, "one");
        ck_assert_int_eq(fflush(spool.file), 0);
        ck_assert_int_eq(ftruncate(fileno(spool.file), left), 0);
        ck_assert_int_eq(spool_next(&spool, &at, &row, &e), -1);
        ck_assert_int_eq(e.code, ERR_SYSTEM);
        ck_has(e.text, scratch_dir());
        spool_free(&spool);
    }
}
END_TEST

/* One transaction of random rows: in, out, compared. */
static void random_round(struct rng *r, unsigned char *bytes, size_t size)
{
    struct slice rows[40];
    uint32_t n = rng_below(r, 41);
    struct slice got;
    lsn_t at;

    for (uint32_t i = 0; i < n; i++) {
        size_t len = rng_below(r, rng_below(r, 8) == 0 ? 6000 : 60);
        rows[i] = slice_of(bytes + rng_below(r, (uint32_t)(size - len)), len);
        MUST(spool_append(&spool, i * 1000003u, rows[i], &e) == 0);
    }
    uint32_t upto = rng_below(r, 4) == 0 ? rng_below(r, n + 1) : n;
    for (uint32_t i = 0; i < upto; i++) {
        MUST(spool_next(&spool, &at, &got, &e) == 1);
        MUST(at == i * 1000003u && slice_eq(got, rows[i]) && got.p[got.n] == 0);
    }
    if (upto == n)
        MUST(spool_next(&spool, &at, &got, &e) == 0);
    spool_reset(&spool);
}

START_TEST(random_rows)
{
    static unsigned char bytes[20000];
    struct rng r;

    rng_init(&r, "spool");
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)rng_next(&r);
    for (int i = 0; i < 60; i++) {
        start(rng_below(&r, rng_below(&r, 2) ? 200 : 20000));
        for (int round = 0; round < 10; round++)
            random_round(&r, bytes, sizeof bytes);
        spool_free(&spool);
    }
}
END_TEST

Suite *suite_spool(void)
{
    Suite *s = suite_create("spool");
    TCase *t = tcase_create("spool");

    tcase_set_timeout(t, 20);
    tcase_add_unchecked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, empty);
    tcase_add_test(t, memory_only);
    tcase_add_test(t, spills_at_the_edge);
    tcase_add_test(t, order_is_kept);
    tcase_add_test(t, no_memory_at_all);
    tcase_add_test(t, file_has_no_name);
    tcase_add_test(t, used_again);
    tcase_add_test(t, huge_row);
    tcase_add_test(t, empty_slice);
    tcase_add_loop_test(t, bad_directory, 0, 2);
    tcase_add_test(t, disk_full);
    tcase_add_test(t, disk_full_at_the_end);
    tcase_add_test(t, file_cut_short);
    tcase_add_test(t, random_rows);
    suite_add_tcase(s, t);
    return s;
}
