/* text.h - what several formats write of an event. */
#ifndef WALFERRY_FORMAT_TEXT_H
#define WALFERRY_FORMAT_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "decode/event.h"

/* "INSERT", "UPDATE", … as pg2kinesis prints them. */
const char *text_operation(enum event_op op);
/* The text of a value: unquoted, undoubled, as PostgreSQL's output function made it. */
void text_put_value(struct buf *out, const struct td_column *c);
/*
 * The same as a slice: borrowed from the row when it can be, else made in scratch, which is cleared
 * first and good until its next use.
 */
struct slice text_value(struct buf *scratch, const struct td_column *c);
struct slice text_name(struct buf *scratch, struct slice printed);
/* For an emit's end: 1, or -1 when out failed. */
int text_done(const struct buf *out, const struct event *ev, struct err *e);

#endif
