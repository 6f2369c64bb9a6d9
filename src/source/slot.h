/* slot.h - the questions put to the server about a slot, and what its refusals mean. */
#ifndef WALFERRY_SOURCE_SLOT_H
#define WALFERRY_SOURCE_SLOT_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/lsn.h"

/* A slot's name as PostgreSQL allows it: 1 to 63 of a-z, 0-9 and _. */
bool slot_name_valid(const char *name);

/* Each writes one statement; the name is valid. */
void slot_sql_lock(struct buf *b, const char *slot);
void slot_sql_inspect(struct buf *b, const char *slot);
void slot_sql_create(struct buf *b, const char *slot);
/* The end of the WAL that a peek may read up to without loss, and where the slot is: (end, slot).
 */
void slot_sql_end(struct buf *b, const char *slot);
void slot_sql_peek(struct buf *b, const char *slot, lsn_t upto, uint64_t changes);
/*
 * Moves the slot to `to`, or to one byte before it when the WAL ends just there: the server
 * compares with the WAL's end twice, and a commit in between would carry the slot past itself. One
 * byte before a record's end is as good: what counts is where records begin. No row: the WAL ends
 * before `to`.
 */
void slot_sql_advance(struct buf *b, const char *slot, lsn_t to);
/* The last byte, by a way on which the server compares once. The answer counts rows: there are
 * none. */
void slot_sql_settle(struct buf *b, const char *slot, lsn_t to);

struct slot_info {
    bool exists;
    lsn_t confirmed;
    lsn_t end;     /* of the WAL, as slot_sql_end */
    bool converts; /* the database's encoding isn't UTF-8 */
};

/* Reads the answer to slot_sql_inspect. -1: the slot is one that can't be used, *e says why. */
int slot_inspect(struct slot_info *out, const PGresult *res, const char *slot, struct err *e);

enum slot_fault {
    FAULT_BUSY,  /* another session uses the slot at the moment */
    FAULT_AGAIN, /* the server is short of something, or was told to stop: later */
    FAULT_FATAL, /* nothing helps but a person */
};

/* What an error result means; *e is filled. */
enum slot_fault slot_fault(const PGresult *res, const char *slot, struct err *e);

#endif
