/* text.c - what several formats write of an event. */
#include "format/text.h"

#include <inttypes.h>

#include "decode/parser.h"

const char *text_operation(enum event_op op)
{
    switch (op) {
    case OP_INSERT:
        return "INSERT";
    case OP_UPDATE:
        return "UPDATE";
    case OP_DELETE:
        return "DELETE";
    case OP_TRUNCATE:
        return "TRUNCATE";
    case OP_MESSAGE:
        return "MESSAGE";
    }
    return "";
}

void text_put_value(struct buf *out, const struct td_column *c)
{
    if (buf_reserve(out, c->value.n) == 0)
        out->n += td_unquote_value(out->p + out->n, c);
}

struct slice text_value(struct buf *scratch, const struct td_column *c)
{
    if (!c->doubled)
        return c->value;
    buf_clear(scratch);
    text_put_value(scratch, c);
    return buf_slice(scratch);
}

struct slice text_name(struct buf *scratch, struct slice printed)
{
    if (printed.n == 0 || printed.p[0] != '"')
        return printed;
    buf_clear(scratch);
    if (buf_reserve(scratch, printed.n) == 0)
        scratch->n = td_unquote_name(scratch->p, printed);
    return buf_slice(scratch);
}

int text_done(const struct buf *out, const struct event *ev, struct err *e)
{
    char at[LSN_TEXT];

    if (!out->failed)
        return 1;
    return err_set(e, ERR_RECORD,
                   "position %s:%" PRIu64 ": a record can't be made: it is over %zu bytes, or its "
                   "text isn't UTF-8 (a database in SQL_ASCII takes any bytes)",
                   lsn_text(at, ev->lsn), ev->index, out->max);
}
