/* test_whole_lines.c - where the last whole record of a file ends. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "sink/whole_lines.h"
#include "unit/helpers.h"
#include "unit/suites.h"

enum { CHUNK = 64 << 10 }; /* what is read at a time */

static int file_of(struct slice text)
{
    int fd = open(scratch_path("lines"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    MUST(fd >= 0);
    MUST(write(fd, text.p, text.n) == (ssize_t)text.n);
    return fd;
}

static void check(struct slice text, bool quoted, off_t want)
{
    off_t size = -1, whole = -1;
    int fd = file_of(text);

    ck_assert_int_eq(whole_lines_end(fd, quoted, &size, &whole), 0);
    ck_assert_uint_eq((size_t)size, text.n);
    ck_assert_int_eq(whole, want);
    close(fd);
}

static const struct {
    const char *text;
    off_t plain, quoted;
} cases[] = {
    {"", 0, 0},
    {"\n", 1, 1},
    {"no line end", 0, 0},
    {"one\n", 4, 4},
    {"one\ntwo\n", 8, 8},
    {"one\ntwo\ntorn", 8, 8},
    {"one\n\n", 5, 5},
    {"one\n\nx", 5, 5},
    {"\nx", 1, 1},
    {"a,\"b\"\n", 6, 6},
    {"a,\"b\nc\"\n", 8, 8},
    {"a,\"b\nc\"\ntorn", 8, 8},
    /* Inside the quotes a line break ends nothing. */
    {"a\nb,\"c\nd", 7, 2},
    {"a\nb,\"c\n", 7, 2},
    {"\"a\n", 3, 0},
    {"\"a\n\"", 3, 0},
    {"a,\"\"\"\n\"\"\"\nx", 10, 10},
    {"a,\"\"\"\n\"\"", 6, 0},
    {"a,\"\"\nb,\"\"\"", 5, 5},
};

START_TEST(ends)
{
    check(slice_str(cases[_i].text), false, cases[_i].plain);
    check(slice_str(cases[_i].text), true, cases[_i].quoted);
}
END_TEST

/* Around the size that is read at a time, with the only line break on each side of it. */
START_TEST(chunks)
{
    enum { SIZE = 3 * CHUNK + 100 };
    unsigned char *text = malloc(SIZE);

    ck_assert_ptr_nonnull(text);
    for (int from_end = 0; from_end < 2; from_end++)
        for (size_t k = 1; k < 3; k++)
            for (size_t d = 0; d < 5; d++) {
                size_t at = k * CHUNK + d - 2;
                if (from_end)
                    at = SIZE - at;
                memset(text, 'x', SIZE);
                text[at] = '\n';
                check(slice_of(text, SIZE), false, (off_t)at + 1);
                check(slice_of(text, SIZE), true, (off_t)at + 1);
                check(slice_of(text, at + 1), false, (off_t)at + 1);
                check(slice_of(text, at), false, 0);
                check(slice_of(text, at), true, 0);
            }
    memset(text, 'x', SIZE);
    check(slice_of(text, CHUNK), false, 0);
    check(slice_of(text, SIZE), false, 0);
    free(text);
}
END_TEST

/* Quotes are counted over chunks, too. */
START_TEST(quotes_over_chunks)
{
    enum { SIZE = 2 * CHUNK };
    unsigned char *text = malloc(SIZE);

    ck_assert_ptr_nonnull(text);
    memset(text, '\n', SIZE);
    memcpy(text, "a\n\"", 3);
    check(slice_of(text, SIZE), true, 2);
    text[CHUNK + 10] = '"';
    check(slice_of(text, SIZE), true, SIZE);
    check(slice_of(text, SIZE), false, SIZE);
    check(slice_of(text, CHUNK + 11), true, 2);
    check(slice_of(text, CHUNK + 12), true, CHUNK + 12);
    free(text);
}
END_TEST

START_TEST(not_readable)
{
    off_t size, whole;
    int fd = file_of(SLICE_LIT("one\n"));

    close(fd);
    ck_assert_int_eq(whole_lines_end(fd, false, &size, &whole), -1);
    fd = open(scratch_path("lines"), O_WRONLY | O_CLOEXEC);
    ck_assert_int_eq(whole_lines_end(fd, false, &size, &whole), -1);
    ck_assert_int_eq(whole_lines_end(fd, true, &size, &whole), -1);
    close(fd);
}
END_TEST

Suite *suite_whole_lines(void)
{
    Suite *s = suite_create("whole_lines");
    TCase *t = tcase_create("whole_lines");

    tcase_set_timeout(t, 20);
    tcase_add_unchecked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_loop_test(t, ends, 0, sizeof cases / sizeof *cases);
    tcase_add_test(t, chunks);
    tcase_add_test(t, quotes_over_chunks);
    tcase_add_test(t, not_readable);
    suite_add_tcase(s, t);
    return s;
}
