/* kpl.c - writes the Kinesis Producer Library's aggregated record. */
#include "sink/kpl.h"

#include <assert.h>
#include <openssl/evp.h>
#include <string.h>

enum {
    TAG_KEY = 0x0A,        /* AggregatedRecord: field 1, bytes */
    TAG_HASH_KEY = 0x12,   /* field 2, bytes */
    TAG_RECORD = 0x1A,     /* field 3, bytes */
    TAG_KEY_INDEX = 0x08,  /* Record: field 1, number */
    TAG_HASH_INDEX = 0x10, /* field 2, number */
    TAG_DATA = 0x1A,       /* field 3, bytes */
    MAGIC = 4,
    MD5 = 16,
};

static size_t varint_size(uint64_t v)
{
    size_t n = 1;

    while (v >= 0x80) {
        v >>= 7;
        n++;
    }
    return n;
}

static unsigned char *put_varint(unsigned char *p, uint64_t v)
{
    while (v >= 0x80) {
        *p++ = (unsigned char)(v | 0x80);
        v >>= 7;
    }
    *p++ = (unsigned char)v;
    return p;
}

/* The size of a field of n bytes with its tag and length. */
static size_t field_size(size_t n)
{
    return 1 + varint_size(n) + n;
}

void kpl_init(struct kpl *k, size_t max)
{
    memset(k, 0, sizeof *k);
    buf_init(&k->keys, max);
    buf_init(&k->records, max);
}

void kpl_free(struct kpl *k)
{
    buf_free(&k->keys);
    buf_free(&k->records);
}

void kpl_begin(struct kpl *k, struct slice hash_key)
{
    assert(hash_key.n < sizeof k->hash_key);
    buf_clear(&k->keys);
    buf_clear(&k->records);
    if (hash_key.n)
        memcpy(k->hash_key, hash_key.p, hash_key.n);
    k->hash_key_n = hash_key.n;
    k->outer_key_n = 0;
    k->key_count = 0;
    k->record_count = 0;
    if (++k->round == 0) {
        memset(k->key, 0, sizeof k->key);
        k->round = 1;
    }
}

/* A quick mix of the key's bytes, eight at a time; it only has to spread. */
static size_t place_of(struct slice key)
{
    uint64_t h = key.n * 0x9E3779B97F4A7C15u;
    uint64_t v = 0;
    size_t i = 0;

    for (; key.n - i >= sizeof v; i += sizeof v) {
        memcpy(&v, key.p + i, sizeof v);
        h = (h ^ v) * 0xFF51AFD7ED558CCDu;
        h ^= h >> 32;
    }
    v = 0;
    if (key.n > i)
        memcpy(&v, key.p + i, key.n - i);
    h = (h ^ v) * 0xC4CEB9FE1A85EC53u;
    return (size_t)(h >> 52);
}

static bool is_key(const struct kpl *k, const struct kpl_key *place, struct slice key)
{
    return place->round == k->round && slice_eq(slice_of(k->keys.p + place->at, place->n), key);
}

/* What all but the records takes, were key_bytes in the key table. */
static size_t frame_size(const struct kpl *k, size_t key_bytes)
{
    return MAGIC + key_bytes + field_size(k->hash_key_n) + MD5;
}

size_t kpl_size(const struct kpl *k)
{
    return frame_size(k, k->keys.n) + k->records.n;
}

bool kpl_add(struct kpl *k, struct slice key, struct slice data, size_t limit)
{
    struct kpl_key *place = &k->key[place_of(key) % KPL_KEYS];
    bool known = is_key(k, place, key);
    uint32_t index = known ? place->index : k->key_count;
    size_t key_field = known ? 0 : field_size(key.n);
    size_t inner = 1 + varint_size(index) + 2 + field_size(data.n);
    size_t outer_key = k->record_count ? k->outer_key_n : key.n;
    size_t size =
        frame_size(k, k->keys.n + key_field) + k->records.n + field_size(inner) + outer_key;

    if (size > limit || buf_reserve(&k->keys, key_field) < 0 ||
        buf_reserve(&k->records, field_size(inner)) < 0)
        return false;
    if (!known) {
        unsigned char *p = k->keys.p + k->keys.n;
        *p++ = TAG_KEY;
        p = put_varint(p, key.n);
        memcpy(p, key.p, key.n);
        *place = (struct kpl_key){
            .round = k->round,
            .index = k->key_count++,
            .at = (uint32_t)(p - k->keys.p),
            .n = (uint32_t)key.n,
        };
        k->keys.n += key_field;
    }
    unsigned char *p = k->records.p + k->records.n;
    *p++ = TAG_RECORD;
    p = put_varint(p, inner);
    *p++ = TAG_KEY_INDEX;
    p = put_varint(p, index);
    *p++ = TAG_HASH_INDEX;
    *p++ = 0;
    *p++ = TAG_DATA;
    p = put_varint(p, data.n);
    if (data.n)
        memcpy(p, data.p, data.n);
    k->records.n += field_size(inner);
    k->outer_key_n = outer_key;
    k->record_count++;
    return true;
}

void kpl_finish(struct kpl *k, struct buf *out)
{
    unsigned char md5[EVP_MAX_MD_SIZE] = {0};
    unsigned char head[2] = {TAG_HASH_KEY, (unsigned char)k->hash_key_n};

    if (buf_reserve(out, kpl_size(k)) < 0)
        return;
    buf_put(out, "\xF3\x89\x9A\xC2", MAGIC);
    size_t start = out->n;
    buf_put_slice(out, buf_slice(&k->keys));
    buf_put(out, head, sizeof head);
    buf_put(out, k->hash_key, k->hash_key_n);
    buf_put_slice(out, buf_slice(&k->records));
    EVP_Digest(out->p + start, out->n - start, md5, NULL, EVP_md5(), NULL);
    buf_put(out, md5, MD5);
}
