/* row_error.c - says where and why a row could not be used. */
#include "decode/row_error.h"

int row_error(struct err *e, lsn_t lsn, const unsigned char *row, size_t n,
              const struct td_error *why)
{
    char at[LSN_TEXT];
    char excerpt[256];

    td_error_excerpt(excerpt, sizeof excerpt, row, n, why);
    return err_set(e, ERR_SYNTAX, "lsn %s: byte %zu of %zu: expected %s\n%s", lsn_text(at, lsn),
                   why->offset, n, why->want, excerpt);
}
