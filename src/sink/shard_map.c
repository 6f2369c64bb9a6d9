/* shard_map.c - which shard a partition key belongs to. */
#include "sink/shard_map.h"

#include <assert.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static const hash_key_t HASH_KEY_LAST = ~(hash_key_t)0;

bool hash_key_parse(hash_key_t *out, struct slice s)
{
    hash_key_t v = 0;

    if (s.n == 0 || s.n >= HASH_TEXT)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        unsigned digit = (unsigned)s.p[i] - '0';
        if (v > (HASH_KEY_LAST - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = v;
    return true;
}

char *hash_key_text(char out[HASH_TEXT], hash_key_t v)
{
    char digits[HASH_TEXT];
    size_t i = sizeof digits;

    digits[--i] = 0;
    do {
        digits[--i] = (char)('0' + (int)(v % 10));
        v /= 10;
    } while (v);
    memcpy(out, digits + i, sizeof digits - i);
    return out;
}

int shard_map_init(struct shard_map *m, struct err *e)
{
    *m = (struct shard_map){0};
    m->algorithm = EVP_MD_fetch(NULL, "MD5", NULL);
    m->md5 = EVP_MD_CTX_new();
    if (m->algorithm && m->md5 && EVP_DigestInit_ex2(m->md5, m->algorithm, NULL))
        return 0;
    shard_map_free(m);
    return err_set(e, ERR_SYSTEM, "OpenSSL offers no MD5, which Kinesis places records by");
}

void shard_map_free(struct shard_map *m)
{
    free(m->shard);
    EVP_MD_CTX_free(m->md5);
    EVP_MD_free(m->algorithm);
    *m = (struct shard_map){0};
}

int shard_map_add(struct shard_map *m, struct slice id, struct slice first, struct slice last,
                  struct err *e)
{
    if (m->n == m->cap) {
        size_t cap = m->cap ? m->cap * 2 : 16;
        struct shard *shard = cap > SHARD_MAX ? NULL : realloc(m->shard, cap * sizeof *shard);
        if (!shard)
            return err_set(e, ERR_SYSTEM, "no room for more than %zu shards", m->n);
        m->shard = shard;
        m->cap = cap;
    }
    struct shard *s = &m->shard[m->n];
    *s = (struct shard){0};
    if (id.n == 0 || id.n >= SHARD_ID || !hash_key_parse(&s->first, first) ||
        !hash_key_parse(&s->last, last) || s->first > s->last)
        return err_set(e, ERR_SINK,
                       "shard \"%.*s\": not a range of hash keys: \"%.*s\" to \"%.*s\"",
                       (int)(id.n < SHARD_ID ? id.n : SHARD_ID), (const char *)id.p,
                       (int)(first.n < HASH_TEXT ? first.n : HASH_TEXT), (const char *)first.p,
                       (int)(last.n < HASH_TEXT ? last.n : HASH_TEXT), (const char *)last.p);
    memcpy(s->id, id.p, id.n);
    hash_key_text(s->first_text, s->first);
    m->n++;
    return 0;
}

static int compare(const void *a, const void *b)
{
    const struct shard *x = a;
    const struct shard *y = b;

    return x->first < y->first ? -1 : x->first > y->first;
}

int shard_map_seal(struct shard_map *m, struct err *e)
{
    if (m->n == 0)
        return err_set(e, ERR_SINK, "the stream has no open shard");
    qsort(m->shard, m->n, sizeof *m->shard, compare);
    if (m->shard[0].first != 0)
        return err_set(e, ERR_SINK, "no open shard holds the lowest hash keys");
    for (size_t i = 0; i + 1 < m->n; i++)
        if (m->shard[i].last == HASH_KEY_LAST || m->shard[i].last + 1 != m->shard[i + 1].first)
            return err_set(e, ERR_SINK, "open shards %s and %s leave a gap or overlap",
                           m->shard[i].id, m->shard[i + 1].id);
    if (m->shard[m->n - 1].last != HASH_KEY_LAST)
        return err_set(e, ERR_SINK, "no open shard holds the highest hash keys");
    return 0;
}

hash_key_t shard_map_hash(struct shard_map *m, struct slice key)
{
    unsigned char hash[EVP_MAX_MD_SIZE] = {0};
    hash_key_t v = 0;

    /* A NULL algorithm starts the context afresh with the one it has. */
    EVP_DigestInit_ex2(m->md5, NULL, NULL);
    EVP_DigestUpdate(m->md5, key.p, key.n);
    EVP_DigestFinal_ex(m->md5, hash, NULL);
    for (size_t i = 0; i < 16; i++)
        v = v << 8 | hash[i];
    return v;
}

size_t shard_map_find(const struct shard_map *m, hash_key_t h)
{
    size_t low = 0;
    size_t high = m->n - 1;

    assert(m->n > 0);
    while (low < high) {
        size_t middle = low + (high - low + 1) / 2;
        if (m->shard[middle].first <= h)
            low = middle;
        else
            high = middle - 1;
    }
    return low;
}

size_t shard_map_of_key(struct shard_map *m, struct slice key)
{
    return m->n == 1 ? 0 : shard_map_find(m, shard_map_hash(m, key));
}
