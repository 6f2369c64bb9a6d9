/* test_corpus.c - each fuzz target over its corpus, whole and cut, without a fuzzer. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Every target has libFuzzer's name for it; here each gets its own. */
#define LLVMFuzzerTestOneInput fuzz_row
#include "fuzz/fuzz_row.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_unquote_name
#include "fuzz/fuzz_unquote_name.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_unquote_value
#include "fuzz/fuzz_unquote_value.c"
#undef LLVMFuzzerTestOneInput

#include "unit/helpers.h"
#include "unit/suites.h"

enum { SHA1_DIGITS = 40, CUTS = 256 };

/* A target, and how many seeds people wrote for it. */
static const struct target {
    int (*run)(const uint8_t *data, size_t size);
    const char *corpus; /* the tests run in the top directory */
    int seeds;
} targets[] = {
    {fuzz_row, "tests/fuzz/corpus/row", 30},
    {fuzz_unquote_name, "tests/fuzz/corpus/unquote_name", 10},
    {fuzz_unquote_value, "tests/fuzz/corpus/unquote_value", 10},
};
enum { TARGETS = sizeof targets / sizeof *targets };

/* What the fuzzer found is named by its SHA-1. */
static bool by_a_fuzzer(const char *name)
{
    return strlen(name) == SHA1_DIGITS && strspn(name, "0123456789abcdef") == SHA1_DIGITS;
}

/* A corpus file, in memory that ends with it. Free it. */
static unsigned char *file_of(const char *dir, const char *name, size_t *n)
{
    char path[512];
    struct stat st;

    snprintf(path, sizeof path, "%s/%s", dir, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    MUST_SAY(fd >= 0 && fstat(fd, &st) == 0, "%s", path);
    *n = (size_t)st.st_size;
    unsigned char *data = malloc(*n + !*n);
    MUST(data != NULL && read(fd, data, *n) == st.st_size);
    close(fd);
    return data;
}

/* Whole, and cut at each of its last bytes. */
static void replay(const struct target *t, const char *name)
{
    size_t n;
    unsigned char *data = file_of(t->corpus, name, &n);
    size_t most = by_a_fuzzer(name) ? CUTS : n;

    t->run(data, n);
    for (size_t cut = n > most ? n - most : 0; cut < n; cut++)
        t->run(data, cut);
    free(data);
}

START_TEST(corpus)
{
    const struct target *t = &targets[_i];
    DIR *d = opendir(t->corpus);
    int seeds = 0;
    int found = 0;

    ck_assert_msg(d != NULL, "%s isn't there: run the tests in the top directory", t->corpus);
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        if (f->d_name[0] == '.')
            continue;
        replay(t, f->d_name);
        if (by_a_fuzzer(f->d_name))
            found++;
        else
            seeds++;
    }
    closedir(d);
    ck_assert_msg(seeds >= t->seeds, "%s: %d seeds, there were %d", t->corpus, seeds, t->seeds);
    ck_assert_msg(found > 0, "%s: nothing from a fuzzer: make fuzz", t->corpus);
}
END_TEST

/* The seeds that are rows parse; those named bad-… don't. */
START_TEST(seeds_mean_something)
{
    const char *dir = targets[0].corpus;
    DIR *d = opendir(dir);
    struct td_parser t;
    struct td_change c;
    struct td_error e;

    ck_assert_ptr_nonnull(d);
    td_parser_init(&t);
    for (struct dirent *f = readdir(d); f; f = readdir(d)) {
        if (f->d_name[0] == '.' || by_a_fuzzer(f->d_name))
            continue;
        size_t n;
        unsigned char *data = file_of(dir, f->d_name, &n);
        unsigned char *row = exact_copy(data, n);
        bool bad = strncmp(f->d_name, "bad-", 4) == 0;
        MUST_SAY((td_parse(&t, &c, row, n, &e) < 0) == bad, "%s/%s", dir, f->d_name);
        free(row);
        free(data);
    }
    td_parser_free(&t);
    closedir(d);
}
END_TEST

Suite *suite_corpus(void)
{
    Suite *s = suite_create("corpus");
    TCase *t = tcase_create("corpus");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, corpus, 0, TARGETS);
    tcase_add_test(t, seeds_mean_something);
    suite_add_tcase(s, t);
    return s;
}
