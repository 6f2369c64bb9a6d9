/* shard_map.h - which shard a partition key belongs to. */
#ifndef WALFERRY_SINK_SHARD_MAP_H
#define WALFERRY_SINK_SHARD_MAP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/slice.h"

/* A hash key: 0 to 2^128 - 1, in Kinesis' messages a decimal. */
__extension__ typedef unsigned __int128 hash_key_t;

enum {
    HASH_TEXT = 40,     /* 39 digits and NUL */
    SHARD_ID = 129,     /* at most 128 characters and NUL */
    SHARD_MAX = 100000, /* more would be an answer gone mad */
};

/* false when s is not a decimal below 2^128. */
bool hash_key_parse(hash_key_t *out, struct slice s);
/* The decimal, into out; returns out. */
char *hash_key_text(char out[HASH_TEXT], hash_key_t v);

struct shard {
    hash_key_t first, last; /* both included */
    char first_text[HASH_TEXT];
    char id[SHARD_ID];
};

struct shard_map {
    struct shard *shard; /* by first, once sealed; then they cover every hash key */
    size_t n, cap;
    void *md5; /* OpenSSL's context and algorithm, fetched once */
    void *algorithm;
};

/* 0 or -1 (OpenSSL has no MD5). shard_map_free frees. */
int shard_map_init(struct shard_map *m, struct err *e);
void shard_map_free(struct shard_map *m);
/* Adds an open shard with its decimals. 0 or -1. */
int shard_map_add(struct shard_map *m, struct slice id, struct slice first, struct slice last,
                  struct err *e);
/* Sorts. 0, or -1 when the ranges have gaps or overlap: the list was taken amid a reshard. */
int shard_map_seal(struct shard_map *m, struct err *e);
/* The partition key's own place: its MD5 as a big-endian number. */
hash_key_t shard_map_hash(struct shard_map *m, struct slice key);
/* Index of the shard that holds h, of the key; the map is sealed. */
size_t shard_map_find(const struct shard_map *m, hash_key_t h);
size_t shard_map_of_key(struct shard_map *m, struct slice key);

#endif
