/* helpers.h - what several suites need: exact copies, random numbers, sample events, a directory.
 */
#ifndef WALFERRY_TESTS_UNIT_HELPERS_H
#define WALFERRY_TESTS_UNIT_HELPERS_H

#include <check.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"
#include "decode/event.h"
#include "decode/parser.h"
#include "decode/table.h"

/* ck_assert leaves a mark on disk each time; in inner loops only a failure does. */
#define MUST(x) ((x) ? (void)0 : ck_abort_msg("%s", #x))
#define MUST_SAY(x, ...) ((x) ? (void)0 : ck_abort_msg(__VA_ARGS__))

/* The slice holds just these bytes. */
#define ck_slice_eq(slice, text) check_slice(__FILE__, __LINE__, (slice), SLICE_LIT(text))
void check_slice(const char *file, int line, struct slice got, struct slice want);
/* text holds part. */
#define ck_has(text, part)                                                                         \
    ck_assert_msg(strstr((text), (part)) != NULL, "\"%s\" isn't in: %s", (part), (text))
/* One line, without its end. */
#define ck_one_line(text)                                                                          \
    ck_assert_msg(*(text) && !strchr((text), '\n'), "not one line: %s", (text))

/* n bytes and a NUL in memory that ends there, so that ASan sees a read behind it. Free it. */
unsigned char *exact_copy(const void *p, size_t n);

/* A small generator whose whole course follows from its seed, which it prints. */
struct rng {
    uint64_t seed;
    uint64_t state;
};
/* The seed is WALFERRY_TEST_SEED's, or always the same. */
void rng_init(struct rng *r, const char *what);
uint64_t rng_next(struct rng *r);
/* 0 .. n - 1 */
uint32_t rng_below(struct rng *r, uint32_t n);

/* An event made of a row, as the pipeline makes one. */
struct sample {
    unsigned char *row;
    struct td_parser parser;
    struct td_change change;
    const struct td_column *key[32];
    struct event ev;
};
/* LSN 16/B374D848, index 3, xid 31337, a time. keys are names as printed, parted by a space. */
void sample_init(struct sample *s, const char *row, const char *keys);
void sample_free(struct sample *s);

/* A definition with the keys, which are names as printed, parted by a space. Free it. */
struct table *table_make(const char *name, char identity, const char *keys);

/* An unchecked fixture: a directory for the test case's files, removed with all in it. */
void scratch_setup(void);
void scratch_teardown(void);
const char *scratch_dir(void);
/* dir/name in a static buffer that the next call overwrites. */
const char *scratch_path(const char *name);
/* How many files are in it. */
int scratch_count(void);

#endif
