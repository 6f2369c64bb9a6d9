/* row_error.h - says where and why a row could not be used. */
#ifndef WALFERRY_DECODE_ROW_ERROR_H
#define WALFERRY_DECODE_ROW_ERROR_H

#include "base/err.h"
#include "base/lsn.h"
#include "decode/parser.h"

/* Fills *e (ERR_SYNTAX) with the LSN, what was expected, the place and a caret. Returns -1. */
int row_error(struct err *e, lsn_t lsn, const unsigned char *row, size_t n,
              const struct td_error *why);

#endif
