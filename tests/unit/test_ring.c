/* test_ring.c - the bounded record store: order, wrap, full, and freeing of a done prefix. */
#include <check.h>
#include <stdlib.h>

#include "sink/ring.h"

Suite *suite_ring(void);

/* ck_assert leaves a mark on disk each time; in the inner loops only a failure does. */
#define MUST(x) ((x) ? (void)0 : ck_abort_msg("%s", #x))

static struct record make(uint64_t seq, char *data, size_t n)
{
    memset(data, (int)('a' + seq % 26), n);
    return (struct record){.seq = seq,
                           .key = SLICE_LIT("key"),
                           .data = slice_of(data, n),
                           .lsn = seq * 16,
                           .index = 7};
}

START_TEST(holds_and_frees)
{
    struct ring r;
    struct err e;
    char data[100];

    ck_assert_int_eq(ring_init(&r, 4096, &e), 0);
    ck_assert_ptr_null(ring_first(&r));
    ck_assert_uint_eq(ring_trim(&r), 0);
    struct record a = make(1, data, 10);
    struct ring_entry *x = ring_push(&r, &a);
    struct record b = make(2, data, 0);
    struct ring_entry *y = ring_push(&r, &b);
    ck_assert_ptr_nonnull(x);
    ck_assert_ptr_nonnull(y);
    ck_assert(slice_eq(ring_key(x), SLICE_LIT("key")));
    ck_assert(slice_eq(ring_data(x), SLICE_LIT("bbbbbbbbbb")));
    ck_assert_uint_eq(ring_data(y).n, 0);
    ck_assert_uint_eq(x->lsn, 16);
    ck_assert_uint_eq(x->index, 7);
    ck_assert_ptr_eq(ring_first(&r), x);
    ck_assert_ptr_eq(ring_next(&r, x), y);
    ck_assert_ptr_null(ring_next(&r, y));
    y->done = true; /* not the oldest: nothing may go */
    ck_assert_uint_eq(ring_trim(&r), 0);
    x->done = true;
    ck_assert_uint_eq(ring_trim(&r), 2);
    ck_assert_uint_eq(r.n, 0);
    ring_free(&r);
}
END_TEST

START_TEST(refuses_when_full)
{
    struct ring r;
    struct err e;
    char data[2048];
    size_t size = 3 * ring_room(3, 100);

    ck_assert_int_eq(ring_init(&r, size, &e), 0);
    for (uint64_t seq = 1; seq <= 3; seq++) {
        struct record rec = make(seq, data, 100);
        ck_assert_ptr_nonnull(ring_push(&r, &rec));
    }
    struct record rec = make(4, data, 100);
    ck_assert_ptr_null(ring_push(&r, &rec));
    ring_first(&r)->done = true;
    ck_assert_uint_eq(ring_trim(&r), 1);
    ck_assert_ptr_nonnull(ring_push(&r, &rec)); /* wraps, and fills it to the last byte */
    ck_assert_ptr_null(ring_push(&r, &rec));
    uint64_t seq = 2;
    for (struct ring_entry *x = ring_first(&r); x; x = ring_next(&r, x))
        ck_assert_uint_eq(x->seq, seq++);
    ck_assert_uint_eq(seq, 5);
    struct record large = make(5, data, sizeof data);
    for (struct ring_entry *x = ring_first(&r); x; x = ring_next(&r, x))
        x->done = true;
    ck_assert_uint_eq(ring_trim(&r), 4);
    ck_assert_ptr_null(ring_push(&r, &large));
    ring_free(&r);
}
END_TEST

/* Random sizes and random completion against a plain model. */
START_TEST(random_life)
{
    enum { ROUNDS = 30000, MODEL = 512 };
    static struct ring_entry *held[MODEL];
    struct ring r;
    struct err e;
    char data[900];
    uint64_t next = 1, oldest = 1;

    srand(7);
    ck_assert_int_eq(ring_init(&r, 8192, &e), 0);
    for (int i = 0; i < ROUNDS; i++) {
        struct record rec = make(next, data, (size_t)rand() % sizeof data);
        struct ring_entry *x = rand() % 3 ? ring_push(&r, &rec) : NULL;
        if (x) {
            held[next % MODEL] = x;
            next++;
        } else if (next > oldest) {
            held[(oldest + (uint64_t)rand() % (next - oldest)) % MODEL]->done = true;
        }
        uint64_t freed = ring_trim(&r);
        MUST(freed == 0 || (freed >= oldest && freed < next));
        oldest = freed ? freed + 1 : oldest;
        MUST(r.n == next - oldest);
        uint64_t seq = oldest;
        for (struct ring_entry *y = ring_first(&r); y; y = ring_next(&r, y)) {
            MUST(y->seq == seq && y == held[seq % MODEL]);
            if (y->data_n)
                MUST(ring_data(y).p[y->data_n - 1] == 'a' + seq % 26);
            seq++;
        }
        MUST(seq == next);
    }
    ring_free(&r);
}
END_TEST

Suite *suite_ring(void)
{
    Suite *s = suite_create("ring");
    TCase *t = tcase_create("ring");

    tcase_set_timeout(t, 30);
    tcase_add_test(t, holds_and_frees);
    tcase_add_test(t, refuses_when_full);
    tcase_add_test(t, random_life);
    suite_add_tcase(s, t);
    return s;
}
