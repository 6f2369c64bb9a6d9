/* test_kinesis_lanes.c - a lane a shard: order, one flight at a time, back-off, throttling. */
#include <check.h>

#include "sink/kinesis_lanes.h"

Suite *suite_kinesis_lanes(void);

enum { ENTRIES = 6, TARGET = 1 << 20 };

static struct ring_entry entry[ENTRIES];
static struct lanes lanes;

/* Lane 0 has entries 0, 2, 4 and lane 1 has 1, 3, 5. */
static void set_up(void)
{
    struct err e;

    ck_assert_int_eq(lanes_init(&lanes, 3, TARGET, &e), 0);
    for (size_t i = 0; i < ENTRIES; i++) {
        entry[i] = (struct ring_entry){.seq = i + 1, .key_n = 1, .data_n = 9};
        lanes_add(&lanes, i % 2, &entry[i]);
    }
}

static void tear_down(void)
{
    lanes_free(&lanes);
}

START_TEST(heads_fly_once)
{
    struct lane *a = lanes_take(&lanes);
    struct lane *b = lanes_take(&lanes);

    ck_assert_ptr_eq(a, &lanes.lane[0]);
    ck_assert_ptr_eq(b, &lanes.lane[1]);
    ck_assert_ptr_null(lanes_take(&lanes));
    ck_assert_uint_eq(a->bytes, 30);
    a->flying = 2;
    b->flying = 3;
    lanes_stored(&lanes, b);
    ck_assert_int_eq(b->state, LANE_IDLE);
    ck_assert(entry[1].done && entry[3].done && entry[5].done);
    ck_assert(!entry[0].done);
    lanes_stored(&lanes, a);
    ck_assert(entry[2].done && !entry[4].done);
    ck_assert_uint_eq(a->bytes, 10);
    ck_assert_ptr_eq(lanes_take(&lanes), a);
    ck_assert_ptr_eq(a->head, &entry[4]);
    a->flying = 1;
    lanes_stored(&lanes, a);
    ck_assert_ptr_null(lanes_take(&lanes));
    /* An idle lane becomes ready again with the next record. */
    entry[0].done = false;
    lanes_add(&lanes, 0, &entry[0]);
    ck_assert_ptr_eq(lanes_take(&lanes), a);
    ck_assert_ptr_eq(a->head, &entry[0]);
}
END_TEST

START_TEST(failures_wait)
{
    struct lane *a = lanes_take(&lanes);
    struct lane *b = lanes_take(&lanes);

    a->flying = b->flying = 1;
    lanes_failed(&lanes, a, 500, false);
    lanes_failed(&lanes, b, 300, true);
    ck_assert_uint_eq(lanes.failing, 2);
    ck_assert_int_eq(lanes.due_ms, 300);
    lanes_wake(&lanes, 299);
    ck_assert_ptr_null(lanes_take(&lanes));
    lanes_wake(&lanes, 300);
    ck_assert_int_eq(lanes.due_ms, 500);
    ck_assert_ptr_eq(lanes_take(&lanes), b);
    ck_assert_ptr_null(lanes_take(&lanes));
    ck_assert_ptr_eq(b->head, &entry[1]); /* the same record leads */
    b->flying = 1;
    lanes_failed(&lanes, b, 400, true);
    ck_assert_uint_eq(b->attempt, 2);
    lanes_wake(&lanes, 1000);
    ck_assert_int_eq(lanes.due_ms, INT64_MAX);
    ck_assert_ptr_nonnull(lanes_take(&lanes));
    ck_assert_ptr_nonnull(lanes_take(&lanes));
    a->flying = b->flying = 1;
    lanes_stored(&lanes, a);
    lanes_stored(&lanes, b);
    ck_assert_uint_eq(lanes.failing, 0);
    ck_assert_uint_eq(b->attempt, 0);
}
END_TEST

START_TEST(throttled_lanes_send_less)
{
    struct lane *a = lanes_take(&lanes);

    for (int i = 0; i < 10; i++) {
        lanes_failed(&lanes, a, 0, false);
        lanes_wake(&lanes, 0);
    }
    ck_assert_uint_eq(a->target, TARGET);
    for (int i = 0; i < 10; i++) {
        lanes_failed(&lanes, a, 0, true);
        lanes_wake(&lanes, 0);
    }
    ck_assert_uint_eq(a->target, LANE_LEAST);
    lanes_stored(&lanes, a);
    ck_assert_uint_eq(a->target, 2 * LANE_LEAST);
    for (int i = 0; i < 10; i++)
        lanes_stored(&lanes, a);
    ck_assert_uint_eq(a->target, TARGET);
}
END_TEST

START_TEST(returned_and_landed)
{
    struct lane *a = lanes_take(&lanes);
    struct lane *b = lanes_take(&lanes);

    a->flying = b->flying = 2;
    lanes_return(&lanes, a);
    ck_assert_uint_eq(a->flying, 0);
    lanes_landed(b, SLICE_LIT("shardId-9"));
    ck_assert_int_eq(b->state, LANE_LANDED);
    ck_assert_str_eq(b->landed, "shardId-9");
    ck_assert_uint_eq(b->flying, 2);
    lanes_add(&lanes, 1, &entry[1]); /* only queued */
    ck_assert_ptr_eq(lanes_take(&lanes), a);
    ck_assert_ptr_null(lanes_take(&lanes));
}
END_TEST

Suite *suite_kinesis_lanes(void)
{
    Suite *s = suite_create("kinesis_lanes");
    TCase *t = tcase_create("kinesis_lanes");

    tcase_add_checked_fixture(t, set_up, tear_down);
    tcase_add_test(t, heads_fly_once);
    tcase_add_test(t, failures_wait);
    tcase_add_test(t, throttled_lanes_send_less);
    tcase_add_test(t, returned_and_landed);
    suite_add_tcase(s, t);
    return s;
}
