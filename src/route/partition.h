/* partition.h - the partition key of a record: what decides the shard, and so what stays in order.
 */
#ifndef WALFERRY_ROUTE_PARTITION_H
#define WALFERRY_ROUTE_PARTITION_H

#include "base/buf.h"
#include "base/slice.h"
#include "decode/event.h"

enum partition_by { PARTITION_TABLE, PARTITION_PK, PARTITION_XID, PARTITION_CONST };

struct partition {
    enum partition_by by;
    struct slice text; /* PARTITION_CONST: 1 to 256 characters */
};

/*
 * Writes ev's partition key into out, which is cleared first: 1 to 256 characters of UTF-8.
 *   table  schema.table as printed
 *   pk     the key's values, joined by commas; the table where there is no key
 *   xid    the transaction's id
 *   const  always the same
 * By table or key, a message stands under its prefix. A key that is too long, or isn't UTF-8, ends
 * in a hash of it.
 */
void partition_key(struct buf *out, const struct partition *p, const struct event *ev);

#endif
