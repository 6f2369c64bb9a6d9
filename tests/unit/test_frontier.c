/* test_frontier.c - how far the slot may advance, against a model that keeps every commit. */
#include <inttypes.h>
#include <stdlib.h>

#include "pipeline/frontier.h"
#include "unit/helpers.h"
#include "unit/suites.h"

static struct frontier f;

START_TEST(nothing_to_say)
{
    lsn_t lsn = 42;

    frontier_init(&f);
    ck_assert(frontier_empty(&f));
    ck_assert(!frontier_advance(&f, UINT64_MAX, &lsn));
    ck_assert_uint_eq(lsn, 42);
}
END_TEST

START_TEST(one_by_one)
{
    lsn_t lsn = 42;

    frontier_init(&f);
    frontier_commit(&f, 3, 100);
    frontier_commit(&f, 5, 200);
    ck_assert(!frontier_empty(&f));
    ck_assert(!frontier_advance(&f, 2, &lsn));
    ck_assert_uint_eq(lsn, 42);
    ck_assert(frontier_advance(&f, 3, &lsn));
    ck_assert_uint_eq(lsn, 100);
    ck_assert(!frontier_advance(&f, 3, &lsn));
    ck_assert(!frontier_advance(&f, 4, &lsn));
    ck_assert(frontier_advance(&f, 5, &lsn));
    ck_assert_uint_eq(lsn, 200);
    ck_assert(frontier_empty(&f));
}
END_TEST

START_TEST(several_at_once)
{
    lsn_t lsn;

    frontier_init(&f);
    for (uint64_t n = 1; n <= 10; n++)
        frontier_commit(&f, n, 100 * n);
    ck_assert(frontier_advance(&f, 7, &lsn));
    ck_assert_uint_eq(lsn, 700);
    ck_assert(frontier_advance(&f, UINT64_MAX, &lsn));
    ck_assert_uint_eq(lsn, 1000);
}
END_TEST

/* Transactions that made no records: they wait for the records before them, not longer. */
START_TEST(no_records)
{
    lsn_t lsn;

    frontier_init(&f);
    frontier_commit(&f, 0, 50);
    ck_assert(frontier_advance(&f, 0, &lsn));
    ck_assert_uint_eq(lsn, 50);
    frontier_commit(&f, 2, 100);
    frontier_commit(&f, 2, 110);
    frontier_commit(&f, 2, 120);
    ck_assert_uint_eq(f.count, 1);
    ck_assert(!frontier_advance(&f, 1, &lsn));
    ck_assert(frontier_advance(&f, 2, &lsn));
    ck_assert_uint_eq(lsn, 120);
    frontier_commit(&f, 2, 130);
    ck_assert(frontier_advance(&f, 2, &lsn));
    ck_assert_uint_eq(lsn, 130);
    frontier_commit(&f, 2, 130); /* an equal LSN doesn't go back */
    ck_assert(frontier_advance(&f, 2, &lsn));
    ck_assert_uint_eq(lsn, 130);
}
END_TEST

START_TEST(ring_wraps)
{
    lsn_t lsn;

    frontier_init(&f);
    for (uint64_t n = 1; n <= 3 * FRONTIER_MARKS; n++) {
        frontier_commit(&f, n, 10 * n);
        if (n < 100)
            continue;
        MUST(frontier_advance(&f, n - 99, &lsn));
        MUST(lsn == 10 * (n - 99));
    }
    ck_assert_uint_eq(f.count, 99);
    ck_assert(frontier_advance(&f, UINT64_MAX, &lsn));
    ck_assert_uint_eq(lsn, 30 * FRONTIER_MARKS);
}
END_TEST

/* In a full ring the newest mark moves: nothing too early, and in the end all. */
START_TEST(ring_full)
{
    lsn_t lsn;

    frontier_init(&f);
    for (uint64_t n = 1; n <= FRONTIER_MARKS; n++)
        frontier_commit(&f, n, 10 * n);
    ck_assert_uint_eq(f.count, FRONTIER_MARKS);
    frontier_commit(&f, FRONTIER_MARKS + 1, 10 * (FRONTIER_MARKS + 1));
    frontier_commit(&f, FRONTIER_MARKS + 5, 10 * (FRONTIER_MARKS + 5));
    ck_assert_uint_eq(f.count, FRONTIER_MARKS);
    ck_assert(frontier_advance(&f, FRONTIER_MARKS + 4, &lsn));
    ck_assert_uint_eq(lsn, 10 * (FRONTIER_MARKS - 1));
    ck_assert(!frontier_empty(&f));
    ck_assert(frontier_advance(&f, FRONTIER_MARKS + 5, &lsn));
    ck_assert_uint_eq(lsn, 10 * (FRONTIER_MARKS + 5));
    ck_assert(frontier_empty(&f));
}
END_TEST

/* Every commit there ever was; answers what may be acknowledged. */
struct model {
    struct {
        uint64_t n;
        lsn_t lsn;
    } * commit;
    size_t count;
    size_t told; /* commits before this one have been acknowledged */
};

static bool model_advance(struct model *m, uint64_t durable, lsn_t *lsn)
{
    bool found = false;

    for (; m->told < m->count && m->commit[m->told].n <= durable; m->told++) {
        *lsn = m->commit[m->told].lsn;
        found = true;
    }
    return found;
}

static void random_course(struct rng *r, struct model *m, bool overflow, size_t steps)
{
    uint64_t n = 0, durable = 0;
    lsn_t lsn = 0, got = 0, want = 0;

    frontier_init(&f);
    m->count = m->told = 0;
    for (size_t i = 0; i < steps; i++) {
        if (rng_below(r, overflow ? 400 : 2) || f.count == 0) {
            n += rng_below(r, 3);
            lsn += 1 + rng_below(r, 100);
            m->commit[m->count].n = n;
            m->commit[m->count++].lsn = lsn;
            frontier_commit(&f, n, lsn);
            continue;
        }
        durable += rng_below(r, (uint32_t)(n - durable) + 1);
        bool may = model_advance(m, durable, &want);
        bool does = frontier_advance(&f, durable, &got);
        MUST_SAY(overflow ? got <= want : does == may && got == want, "seed %" PRIu64, r->seed);
        MUST(frontier_empty(&f) == (overflow ? f.count == 0 : m->told == m->count));
    }
    model_advance(m, n, &want);
    frontier_advance(&f, n, &got);
    MUST_SAY(got == want && frontier_empty(&f), "seed %" PRIu64, r->seed);
}

START_TEST(as_the_model)
{
    enum { STEPS = 20000 };
    struct rng r;
    struct model m = {.commit = calloc(STEPS, sizeof *m.commit)};

    ck_assert_ptr_nonnull(m.commit);
    rng_init(&r, "frontier");
    for (int i = 0; i < 10; i++) {
        random_course(&r, &m, false, STEPS / 10);
        random_course(&r, &m, true, STEPS);
    }
    free(m.commit);
}
END_TEST

Suite *suite_frontier(void)
{
    Suite *s = suite_create("frontier");
    TCase *t = tcase_create("frontier");

    tcase_set_timeout(t, 20);
    tcase_add_test(t, nothing_to_say);
    tcase_add_test(t, one_by_one);
    tcase_add_test(t, several_at_once);
    tcase_add_test(t, no_records);
    tcase_add_test(t, ring_wraps);
    tcase_add_test(t, ring_full);
    tcase_add_test(t, as_the_model);
    suite_add_tcase(s, t);
    return s;
}
