/* test_corpus.c - the fuzz target over its corpus, whole and cut. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz/fuzz_row.c"
#include "unit/helpers.h"
#include "unit/suites.h"

#define CORPUS "tests/fuzz/corpus" /* the tests run in the top directory */

static void replay(const char *name)
{
    char path[512];
    struct stat st;

    snprintf(path, sizeof path, CORPUS "/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    MUST_SAY(fd >= 0 && fstat(fd, &st) == 0, "%s", path);
    size_t n = (size_t)st.st_size;
    unsigned char *data = malloc(n + 1);
    MUST(data != NULL && read(fd, data, n) == st.st_size);
    close(fd);
    LLVMFuzzerTestOneInput(data, n);
    for (size_t cut = n > 2000 ? n - 2000 : 0; cut < n; cut++)
        LLVMFuzzerTestOneInput(data, cut);
    free(data);
}

START_TEST(corpus)
{
    DIR *d = opendir(CORPUS);
    int n = 0;

    ck_assert_msg(d != NULL, CORPUS " isn't there: run the tests in the top directory");
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        if (f->d_name[0] == '.')
            continue;
        replay(f->d_name);
        n++;
    }
    closedir(d);
    ck_assert_int_ge(n, 20);
}
END_TEST

/* The seeds that are rows parse; those named bad-… don't. */
START_TEST(seeds_mean_something)
{
    DIR *d = opendir(CORPUS);
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    static unsigned char row[4096];
    char path[512];

    ck_assert_ptr_nonnull(d);
    td_parser_init(&t);
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        if (f->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, CORPUS "/%s", f->d_name);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t n = read(fd, row, sizeof row - 1);
        close(fd);
        MUST_SAY(n >= 0, "%s", path);
        row[n] = 0;
        bool bad = strncmp(f->d_name, "bad-", 4) == 0;
        MUST_SAY((td_parse(&t, &c, row, (size_t)n, &e) < 0) == bad, "%s", path);
    }
    td_parser_free(&t);
    closedir(d);
}
END_TEST

Suite *suite_corpus(void)
{
    Suite *s = suite_create("corpus");
    TCase *t = tcase_create("corpus");

    tcase_set_timeout(t, 20);
    tcase_add_test(t, corpus);
    tcase_add_test(t, seeds_mean_something);
    suite_add_tcase(s, t);
    return s;
}
