/* change.h - one row of test_decoding's output, taken apart without copying. */
#ifndef WALFERRY_DECODE_CHANGE_H
#define WALFERRY_DECODE_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* What a row says. Text of the rows: contrib/test_decoding/test_decoding.c in PostgreSQL. */
enum td_kind {
    TD_BEGIN,
    TD_COMMIT,
    TD_INSERT,
    TD_UPDATE,
    TD_DELETE,
    TD_TRUNCATE,
    TD_MESSAGE,
    TD_PREPARE,           /* two-phase slots only, as are the next two */
    TD_COMMIT_PREPARED,   /* … */
    TD_ROLLBACK_PREPARED, /* … */
};

enum td_value {
    TD_NULL,
    TD_UNCHANGED, /* a TOAST value that the change didn't touch, and that isn't in the WAL */
    TD_BOOL,      /* true, false */
    TD_NUMBER,    /* digits as PostgreSQL prints them: a JSON number as it stands */
    TD_SPECIAL,   /* NaN, Infinity, -Infinity */
    TD_BITS,      /* B'101': value is 101, possibly empty */
    TD_TEXT,      /* quoted: value is what stands between the quotes */
};

struct td_column {
    struct slice name;  /* as printed: in double quotes when SQL needs them */
    struct slice type;  /* as printed: format_type without typmod */
    struct slice value; /* without quotes; see doubled */
    enum td_value kind;
    bool doubled; /* TD_TEXT: value still holds doubled single quotes */
};

/* The columns of one row image, in the table's order. */
struct td_tuple {
    const struct td_column *columns;
    uint32_t n;
    bool present; /* false: not printed at all; (true, 0): a row without columns */
};

struct td_relation {
    struct slice name;   /* schema.table as printed */
    struct slice schema; /* as printed, quotes and all */
    struct slice table;  /* as printed, quotes and all */
};

struct td_message {
    struct slice prefix;
    struct slice content; /* any bytes */
    bool transactional;
};

/*
 * Every slice points into the row that was parsed, every array into the parser: both are good until
 * the parser's next row. Old tuples leave out null columns.
 */
struct td_change {
    enum td_kind kind;
    bool has_xid;
    uint32_t xid;      /* BEGIN, COMMIT and two-phase rows, when has_xid */
    struct slice time; /* COMMIT and two-phase rows, when include-timestamp was on */
    struct slice gid;  /* two-phase rows: an SQL literal */
    const struct td_relation *relations; /* one for INSERT, UPDATE, DELETE; TRUNCATE has more */
    uint32_t n_relations;
    struct td_tuple old; /* UPDATE: old key or old row; DELETE: what is known of the row */
    struct td_tuple new; /* INSERT, UPDATE */
    bool restart_seqs;   /* TRUNCATE */
    bool cascade;        /* TRUNCATE */
    struct td_message message;
};

#endif
