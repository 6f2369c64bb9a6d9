/* lsn.h - log sequence numbers: a byte position in the WAL. */
#ifndef WALFERRY_BASE_LSN_H
#define WALFERRY_BASE_LSN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/slice.h"

typedef uint64_t lsn_t; /* 0 is invalid, as in PostgreSQL */

enum { LSN_TEXT = 18 }; /* "FFFFFFFF/FFFFFFFF" and NUL */

/* PostgreSQL's own text, "16/B374D848", into out; returns out. */
char *lsn_text(char out[LSN_TEXT], lsn_t lsn);
void lsn_put(struct buf *b, lsn_t lsn);
/* false when s is not an LSN. */
bool lsn_parse(lsn_t *out, struct slice s);

#endif
