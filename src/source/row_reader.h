/* row_reader.h - cuts a stream of text into rows of test_decoding. */
#ifndef WALFERRY_SOURCE_ROW_READER_H
#define WALFERRY_SOURCE_ROW_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/lsn.h"
#include "base/slice.h"

/* One row as it stood in the text. */
struct text_row {
    struct slice text; /* followed by a NUL; good until the next call */
    lsn_t lsn;         /* 0: the text has none */
    uint64_t line;     /* where it begins, from 1 */
    uint32_t column;   /* where its text begins in that line, from 0 */
};

/*
 * The text is what pg_recvlogical writes (a row, a line end), or psql -At of "SELECT lsn, xid,
 * data" (lsn|xid|row, a line end). A line end inside a quoted value or name, or inside a message's
 * content, belongs to the row. Memory is one row and one chunk.
 */
struct row_reader {
    int fd;
    struct buf in;       /* bytes read and not yet used, from `start` on */
    size_t start;        /* of the row that is being read */
    size_t text;         /* where its own text begins, once `begun` */
    size_t scanned;      /* up to where its end was looked for */
    bool begun;          /* what kind of row it is, is known */
    bool message;        /* its end is a matter of size, not of quotes */
    unsigned char quote; /* the one that is open at `scanned`, or 0 */
    uint64_t line;       /* of `start` */
    lsn_t lsn;
    bool ended; /* no more bytes will come */
};

void row_reader_init(struct row_reader *r, int fd);
void row_reader_free(struct row_reader *r);
/*
 * 1 with the next row; 0 when more has to be read first, which row_reader_fill does; 2 at the end;
 * -1 with *e when the text ends inside a row.
 */
int row_reader_next(struct row_reader *r, struct text_row *row, struct err *e);
/* Reads what is there; blocks when nothing is. 0 or -1. */
int row_reader_fill(struct row_reader *r, struct err *e);

#endif
