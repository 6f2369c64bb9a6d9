/* test_kpl.c - aggregated records, read back by a small protobuf reader; and packing. */
#include <check.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

#include "sink/kinesis_pack.h"
#include "sink/kpl.h"

Suite *suite_kpl(void);

/* ck_assert leaves a mark on disk each time; in the inner loops only a failure does. */
#define MUST(x) ((x) ? (void)0 : ck_abort_msg("%s", #x))

enum { READ_MAX = 20000 };

/* An aggregate, taken apart. The slices lie in its bytes. */
struct aggregate {
    struct slice key[READ_MAX], hash_key[4], data[READ_MAX];
    size_t key_of[READ_MAX], hash_of[READ_MAX];
    size_t keys, hash_keys, records;
};

static uint64_t read_varint(struct slice *s)
{
    uint64_t v = 0;

    for (unsigned shift = 0;; shift += 7) {
        MUST(s->n > 0 && shift < 64);
        unsigned char c = *s->p++;
        s->n--;
        v |= (uint64_t)(c & 0x7F) << shift;
        if (c < 0x80)
            return v;
    }
}

static struct slice read_bytes(struct slice *s)
{
    size_t n = (size_t)read_varint(s);

    MUST(n <= s->n);
    struct slice v = slice_of(s->p, n);
    s->p += n;
    s->n -= n;
    return v;
}

static void read_record(struct aggregate *a, struct slice s)
{
    size_t i = a->records++;

    MUST(i < READ_MAX);
    MUST(read_varint(&s) == (1 << 3 | 0));
    a->key_of[i] = (size_t)read_varint(&s);
    MUST(read_varint(&s) == (2 << 3 | 0));
    a->hash_of[i] = (size_t)read_varint(&s);
    MUST(read_varint(&s) == (3 << 3 | 2));
    a->data[i] = read_bytes(&s);
    MUST(s.n == (0));
    MUST(a->key_of[i] < a->keys && a->hash_of[i] < a->hash_keys);
}

static void read_aggregate(struct aggregate *a, struct slice s)
{
    unsigned char md5[EVP_MAX_MD_SIZE];

    a->keys = a->hash_keys = a->records = 0;
    MUST(s.n > 20);
    MUST(memcmp(s.p, "\xF3\x89\x9A\xC2", 4) == 0);
    struct slice body = slice_of(s.p + 4, s.n - 20);
    EVP_Digest(body.p, body.n, md5, NULL, EVP_md5(), NULL);
    MUST(memcmp(md5, s.p + s.n - 16, 16) == 0);
    while (body.n) {
        uint64_t tag = read_varint(&body);
        struct slice v = read_bytes(&body);
        if (tag == (1 << 3 | 2))
            a->key[a->keys++] = v;
        else if (tag == (2 << 3 | 2))
            a->hash_key[a->hash_keys++] = v;
        else if (tag == (3 << 3 | 2))
            read_record(a, v);
        else
            ck_abort_msg("tag %u", (unsigned)tag);
    }
}

static struct aggregate got;

START_TEST(known_bytes)
{
    static const char expected[] = "\xF3\x89\x9A\xC2"
                                   "\x0A\x01"
                                   "a"
                                   "\x0A\x01"
                                   "b"
                                   "\x12\x02"
                                   "42"
                                   "\x1A\x07\x08\x00\x10\x00\x1A\x01"
                                   "x"
                                   "\x1A\x07\x08\x01\x10\x00\x1A\x01"
                                   "y"
                                   "\x1A\x06\x08\x00\x10\x00\x1A\x00";
    static struct kpl k;
    struct buf out;

    kpl_init(&k, 1000);
    buf_init(&out, 1000);
    kpl_begin(&k, SLICE_LIT("42"));
    ck_assert(kpl_add(&k, SLICE_LIT("a"), SLICE_LIT("x"), 1000));
    ck_assert(kpl_add(&k, SLICE_LIT("b"), SLICE_LIT("y"), 1000));
    ck_assert(kpl_add(&k, SLICE_LIT("a"), SLICE_LIT(""), 1000));
    kpl_finish(&k, &out);
    ck_assert(!out.failed);
    ck_assert_uint_eq(out.n, sizeof expected - 1 + 16);
    ck_assert(memcmp(out.p, expected, sizeof expected - 1) == 0);
    ck_assert_uint_eq(out.n, kpl_size(&k));
    buf_free(&out);
    kpl_free(&k);
}
END_TEST

/* Random keys and sizes up to the limit: predicted size exact, limit kept, all read back. */
START_TEST(round_trip)
{
    static struct kpl k;
    static struct slice data[READ_MAX];
    static unsigned key_of[READ_MAX];
    static char bytes[70000];
    size_t limit = (size_t[]){100, 300, 5000, 65536, 400000}[_i];
    struct buf out;
    char key[300];

    srand((unsigned)_i);
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)rand();
    kpl_init(&k, limit);
    buf_init(&out, limit);
    for (int round = 0; round < 20; round++) {
        size_t n = 0, first_key = 0;
        kpl_begin(&k, SLICE_LIT("340282366920938463463374607431768211455"));
        buf_clear(&out);
        for (; n < READ_MAX; n++) {
            size_t most = round % 4 == 0 ? sizeof bytes : round % 4 == 1 ? 300 : 20;
            data[n] = slice_of(bytes, (size_t)rand() % most);
            key_of[n] = (unsigned)rand() % (round % 2 ? 10000 : 20);
            int key_n = snprintf(key, sizeof key, "%u-%0*u", key_of[n], (int)(key_of[n] % 200), 0u);
            size_t before = kpl_size(&k);
            if (!kpl_add(&k, slice_of(key, (size_t)key_n), data[n], limit)) {
                ck_assert_uint_eq(kpl_size(&k), before);
                break;
            }
            first_key = n ? first_key : (size_t)key_n;
        }
        if (n == 0)
            continue;
        kpl_finish(&k, &out);
        ck_assert_uint_eq(out.n, kpl_size(&k));
        ck_assert_uint_le(out.n + first_key, limit);
        read_aggregate(&got, buf_slice(&out));
        ck_assert_uint_eq(got.records, n);
        ck_assert_uint_eq(got.hash_keys, 1);
        ck_assert(slice_eq(got.hash_key[0], SLICE_LIT("340282366920938463463374607431768211455")));
        for (size_t i = 0; i < n; i++) {
            MUST(slice_eq(got.data[i], data[i]));
            MUST(strtoul((const char *)got.key[got.key_of[i]].p, NULL, 10) == key_of[i]);
        }
    }
    buf_free(&out);
    kpl_free(&k);
}
END_TEST

/* The last byte: a record that just fits, and one more that doesn't. */
START_TEST(exact_limit)
{
    static struct kpl k;
    static char bytes[1000];

    kpl_init(&k, 1000);
    for (size_t n = 100; n < 300; n++) {
        kpl_begin(&k, SLICE_LIT("0"));
        ck_assert(kpl_add(&k, SLICE_LIT("key"), slice_of(bytes, n), 1000));
        size_t size = kpl_size(&k) + 3;
        kpl_begin(&k, SLICE_LIT("0"));
        ck_assert(!kpl_add(&k, SLICE_LIT("key"), slice_of(bytes, n), size - 1));
        ck_assert(kpl_add(&k, SLICE_LIT("key"), slice_of(bytes, n), size));
    }
    kpl_free(&k);
}
END_TEST

/* --- packing ------------------------------------------------------------------------------- */

static struct ring_entry *queue(struct ring *r, const char *const *key, const struct slice *data,
                                size_t n)
{
    struct ring_entry *head = NULL;
    struct ring_entry *last = NULL;

    for (size_t i = 0; i < n; i++) {
        struct record rec = {.seq = i + 1, .key = slice_str(key[i]), .data = data[i]};
        struct ring_entry *e = ring_push(r, &rec);
        ck_assert_ptr_nonnull(e);
        if (last)
            last->next = e;
        head = head ? head : e;
        last = e;
    }
    return head;
}

START_TEST(packs_plainly)
{
    static const char *const keys[] = {"k\"1", "k2", "k2"};
    static const struct {
        enum sink_pack pack;
        size_t target;
        size_t n;
        const char *body;
    } cases[] = {
        {PACK_NONE, 100, 1, "{\"Data\":\"b25l\",\"PartitionKey\":\"k\\\"1\"}"},
        {PACK_LINES, 100, 3,
         "{\"Data\":\"b25lCnR3bwp0aHJlZQo=\",\"PartitionKey\":\"k\\\"1\",\"ExplicitHashKey\":"
         "\"7\"}"},
        /* three bytes of key, four of each of two lines */
        {PACK_LINES, 11, 2,
         "{\"Data\":\"b25lCnR3bwo=\",\"PartitionKey\":\"k\\\"1\",\"ExplicitHashKey\":\"7\"}"},
        {PACK_LINES, 10, 1,
         "{\"Data\":\"b25lCg==\",\"PartitionKey\":\"k\\\"1\",\"ExplicitHashKey\":\"7\"}"},
    };
    const struct slice data[] = {SLICE_LIT("one"), SLICE_LIT("two"), SLICE_LIT("three")};
    const struct shard shard = {.first_text = "7"};
    static struct packer p;
    struct buf body;
    struct ring r;
    struct err e;

    buf_init(&body, 1000);
    ck_assert_int_eq(ring_init(&r, 1000, &e), 0);
    packer_init(&p, cases[_i].pack, 100);
    struct ring_entry *head = queue(&r, keys, data, 3);
    ck_assert_uint_eq(packer_put(&p, &body, head, cases[_i].target, &shard, true), cases[_i].n);
    ck_assert_str_eq(buf_cstr(&body), cases[_i].body);
    packer_free(&p);
    ring_free(&r);
    buf_free(&body);
}
END_TEST

/* With the aggregate's overhead it would be too large: it goes as it is. */
START_TEST(packs_without_overhead)
{
    static const char *const keys[] = {"key", "key"};
    const struct slice data[] = {SLICE_LIT("0123456789012345678901234567890123456789"),
                                 SLICE_LIT("next")};
    const struct shard shard = {.first_text = "0"};
    static struct packer p;
    struct buf body;
    struct ring r;
    struct err e;

    buf_init(&body, 1000);
    ck_assert_int_eq(ring_init(&r, 1000, &e), 0);
    packer_init(&p, PACK_KPL, 50);
    ck_assert_uint_eq(packer_least(&p, 3, 40), 43);
    struct ring_entry *head = queue(&r, keys, data, 2);
    ck_assert_uint_eq(packer_put(&p, &body, head, 50, &shard, false), 1);
    ck_assert_str_eq(buf_cstr(&body),
                     ",{\"Data\":\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDEyMzQ1Njc4OQ==\","
                     "\"PartitionKey\":\"key\",\"ExplicitHashKey\":\"0\"}");
    packer_free(&p);
    /* A large first record may pass the target, nothing may follow it. */
    packer_init(&p, PACK_KPL, 90);
    buf_clear(&body);
    ck_assert_uint_eq(packer_put(&p, &body, head, 50, &shard, true), 1);
    read_aggregate(&got, buf_slice(&p.joined));
    ck_assert_uint_eq(got.records, 1);
    ck_assert(slice_eq(got.data[0], data[0]));
    packer_free(&p);
    packer_init(&p, PACK_KPL, 200);
    buf_clear(&body);
    ck_assert_uint_eq(packer_put(&p, &body, head, 200, &shard, true), 2);
    packer_free(&p);
    ring_free(&r);
    buf_free(&body);
}
END_TEST

Suite *suite_kpl(void)
{
    Suite *s = suite_create("kpl");
    TCase *t = tcase_create("kpl");

    tcase_set_timeout(t, 30);
    tcase_add_test(t, known_bytes);
    tcase_add_loop_test(t, round_trip, 0, 5);
    tcase_add_test(t, exact_limit);
    tcase_add_loop_test(t, packs_plainly, 0, 4);
    tcase_add_test(t, packs_without_overhead);
    suite_add_tcase(s, t);
    return s;
}
