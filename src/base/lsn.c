/* lsn.c - log sequence numbers. */
#include "base/lsn.h"

#include <inttypes.h>
#include <stdio.h>

char *lsn_text(char out[LSN_TEXT], lsn_t lsn)
{
    snprintf(out, LSN_TEXT, "%" PRIX32 "/%" PRIX32, (uint32_t)(lsn >> 32), (uint32_t)lsn);
    return out;
}

void lsn_put(struct buf *b, lsn_t lsn)
{
    char text[LSN_TEXT];

    buf_puts(b, lsn_text(text, lsn));
}

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool lsn_parse(lsn_t *out, struct slice s)
{
    uint64_t half[2] = {0, 0};
    int digits[2] = {0, 0};
    int which = 0;

    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '/' && which == 0) {
            which = 1;
            continue;
        }
        int d = hex_digit(s.p[i]);
        if (d < 0 || ++digits[which] > 8)
            return false;
        half[which] = half[which] << 4 | (uint64_t)d;
    }
    if (digits[0] == 0 || digits[1] == 0)
        return false;
    *out = half[0] << 32 | half[1];
    return true;
}
