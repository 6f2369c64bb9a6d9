/* printer.h - turns a parsed change back into the row it was parsed from. */
#ifndef WALFERRY_TESTS_UNIT_PRINTER_H
#define WALFERRY_TESTS_UNIT_PRINTER_H

#include "base/buf.h"
#include "decode/change.h"

/*
 * Appends the text that test_decoding prints for c. It is made of what the parser said alone, so
 * that a byte which the parser dropped or put into the wrong field is missing here too.
 */
void print_change(struct buf *b, const struct td_change *c);

/* Appends s in quotes, doubling those within: what unquoting must undo. */
void print_quoted(struct buf *b, struct slice s, char quote);

#endif
