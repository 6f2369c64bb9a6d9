/* kinesis_pack.h - joins the records at a queue's head to one Kinesis record. Pure. */
#ifndef WALFERRY_SINK_KINESIS_PACK_H
#define WALFERRY_SINK_KINESIS_PACK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "sink/kpl.h"
#include "sink/ring.h"
#include "sink/shard_map.h"
#include "sink/sink.h"

struct packer {
    enum sink_pack pack;
    size_t limit; /* bytes of data and partition key that the stream takes in one record */
    struct buf joined;
    struct kpl kpl;
};

void packer_init(struct packer *p, enum sink_pack pack, size_t limit);
void packer_free(struct packer *p);
/* The bytes of a Kinesis record with this one alone, its partition key included. */
size_t packer_least(const struct packer *p, size_t key_n, size_t data_n);
/*
 * Writes one Kinesis record to a PutRecords body: from `head` as many records as make up to
 * `target` bytes, but at least one, which fits in p->limit. Their number, or 0: no memory.
 */
size_t packer_put(struct packer *p, struct buf *body, const struct ring_entry *head, size_t target,
                  const struct shard *shard, bool first);

#endif
