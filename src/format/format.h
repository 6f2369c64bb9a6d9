/* format.h - the contract of a format: an event in, the bytes of a record out. */
#ifndef WALFERRY_FORMAT_FORMAT_H
#define WALFERRY_FORMAT_FORMAT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/err.h"
#include "decode/event.h"

struct format_ops {
    const char *name;    /* as in --format NAME */
    const char *summary; /* one line for help */
    bool quoted_lines;   /* a record may hold line breaks inside RFC 4180 quotes */
    /*
     * Appends the record of ev, without a line end, to out. 1, 0 when the format has no record for
     * such an event, or -1 with *e filled; then out's contents mean nothing.
     */
    int (*emit)(struct buf *out, const struct event *ev, struct err *e);
};

#endif
