/* event.h - one thing to publish: a change with its position and key. */
#ifndef WALFERRY_DECODE_EVENT_H
#define WALFERRY_DECODE_EVENT_H

#include "base/lsn.h"
#include "decode/change.h"

enum event_op { OP_INSERT, OP_UPDATE, OP_DELETE, OP_TRUNCATE, OP_MESSAGE };

/* Everything is borrowed, until the next row is parsed. */
struct event {
    enum event_op op;
    lsn_t lsn;         /* commit LSN; of a non-transactional message, its own */
    uint64_t index;    /* strictly increasing within lsn, the same after a restart; may have gaps */
    uint32_t xid;      /* 0: outside any transaction */
    struct slice time; /* commit time as printed under TimeZone UTC, DateStyle ISO; empty: none */
    const struct td_relation *relation; /* NULL for messages */
    const struct td_column *const *key; /* the key's columns in key order */
    uint32_t n_key;                     /* 0: TRUNCATE, message, or not in the WAL */
    const struct td_tuple *new;         /* NULL: none */
    const struct td_tuple *old;         /* NULL: none */
    const struct td_message *message;   /* NULL: not a message */
};

#endif
