/* kpl.h - writes the Kinesis Producer Library's aggregated record, a public format. */
#ifndef WALFERRY_SINK_KPL_H
#define WALFERRY_SINK_KPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

/*
 * F3 89 9A C2, then in protobuf
 *
 *     message AggregatedRecord {
 *       repeated string partition_key_table = 1;
 *       repeated string explicit_hash_key_table = 2;
 *       repeated Record records = 3;
 *     }
 *     message Record {
 *       required uint64 partition_key_index = 1;
 *       optional uint64 explicit_hash_key_index = 2;
 *       required bytes data = 3;
 *     }
 *
 * then the MD5 of the protobuf part.
 *
 * Every record gets the same explicit hash key, that of the outer record: KCL silently drops an
 * inner record whose hash lies outside the shard it was read from.
 */

enum { KPL_KEYS = 4096 }; /* places of the table that finds a key again */

struct kpl_key {
    uint32_t round; /* of kpl.round when in use */
    uint32_t index; /* in partition_key_table */
    uint32_t at;    /* its bytes in kpl.keys */
    uint32_t n;
};

struct kpl {
    struct buf keys;    /* field 1, written */
    struct buf records; /* field 3, written */
    char hash_key[40];
    size_t hash_key_n;
    size_t outer_key_n; /* the outer partition key: the first record's */
    uint32_t key_count;
    uint32_t record_count;
    uint32_t round;
    struct kpl_key key[KPL_KEYS]; /* a forgotten key is written again, which the format allows */
};

/* max: the largest limit that kpl_add will be given. kpl_free frees. */
void kpl_init(struct kpl *k, size_t max);
void kpl_free(struct kpl *k);
/* Starts an aggregate; hash_key is a decimal of at most 39 digits. */
void kpl_begin(struct kpl *k, struct slice hash_key);
/*
 * Adds a record, unless that would take the finished aggregate with its partition key, the first
 * record's, over `limit` bytes: then false, and nothing has changed.
 */
bool kpl_add(struct kpl *k, struct slice key, struct slice data, size_t limit);
/* Bytes of the finished aggregate without the outer partition key. */
size_t kpl_size(const struct kpl *k);
/* Appends the finished aggregate. */
void kpl_finish(struct kpl *k, struct buf *out);

#endif
