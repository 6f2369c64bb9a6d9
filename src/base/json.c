/* json.c - writes JSON's pieces (RFC 8259), and base64 (RFC 4648), into a buffer. */
#include "base/json.h"

#include <stdint.h>

enum json_mode { JSON_UTF8, JSON_ASCII, JSON_LOSSY };

/* The code point at s[i] into *cp and its length in bytes; 0 when it is not UTF-8. */
static size_t utf8_decode(uint32_t *cp, struct slice s, size_t i)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    unsigned char c = s.p[i];
    size_t len = c < 0x80 ? 1 : (c & 0xE0) == 0xC0 ? 2 : (c & 0xF0) == 0xE0 ? 3 : 4;

    if (len == 1) {
        *cp = c;
        return 1;
    }
    if (c < 0xC2 || c > 0xF4 || len > s.n - i)
        return 0;
    uint32_t v = c & (0xFFu >> (len + 1));
    for (size_t k = 1; k < len; k++) {
        if ((s.p[i + k] & 0xC0) != 0x80)
            return 0;
        v = v << 6 | (s.p[i + k] & 0x3Fu);
    }
    if (v < least[len] || v > 0x10FFFF || (v >= 0xD800 && v <= 0xDFFF))
        return 0;
    *cp = v;
    return len;
}

bool utf8_valid(struct slice s)
{
    uint32_t cp;

    for (size_t i = 0; i < s.n;) {
        size_t len = utf8_decode(&cp, s, i);
        if (len == 0)
            return false;
        i += len;
    }
    return true;
}

static void put_u16(struct buf *b, uint32_t v)
{
    static const char hex[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', hex[v >> 12 & 15], hex[v >> 8 & 15], hex[v >> 4 & 15], hex[v & 15]};

    buf_put(b, text, sizeof text);
}

static void put_escape(struct buf *b, unsigned char c)
{
    switch (c) {
    case '"':
        buf_put(b, "\\\"", 2);
        break;
    case '\\':
        buf_put(b, "\\\\", 2);
        break;
    case '\n':
        buf_put(b, "\\n", 2);
        break;
    case '\r':
        buf_put(b, "\\r", 2);
        break;
    case '\t':
        buf_put(b, "\\t", 2);
        break;
    case '\b':
        buf_put(b, "\\b", 2);
        break;
    case '\f':
        buf_put(b, "\\f", 2);
        break;
    default:
        put_u16(b, c);
    }
}

/* One character beyond ASCII at s[i]; its length in bytes. */
static size_t put_wide(struct buf *b, struct slice s, size_t i, enum json_mode mode)
{
    uint32_t cp;
    size_t len = utf8_decode(&cp, s, i);

    if (len == 0) {
        if (mode == JSON_LOSSY)
            put_u16(b, 0xFFFD);
        else
            b->failed = true;
        return 1;
    }
    if (mode != JSON_ASCII) {
        buf_put(b, s.p + i, len);
    } else if (cp >= 0x10000) {
        put_u16(b, 0xD800 + ((cp - 0x10000) >> 10));
        put_u16(b, 0xDC00 + ((cp - 0x10000) & 0x3FF));
    } else {
        put_u16(b, cp);
    }
    return len;
}

static void put_string(struct buf *b, struct slice s, enum json_mode mode)
{
    size_t run = 0; /* start of the bytes not yet copied */
    size_t i = 0;

    buf_putc(b, '"');
    while (i < s.n) {
        unsigned char c = s.p[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
            i++;
            continue;
        }
        buf_put(b, s.p + run, i - run);
        if (c >= 0x80) {
            i += put_wide(b, s, i, mode);
        } else if (c == 0x7f && mode != JSON_ASCII) {
            buf_putc(b, (char)c);
            i++;
        } else {
            put_escape(b, c);
            i++;
        }
        run = i;
    }
    buf_put(b, s.p + run, s.n - run);
    buf_putc(b, '"');
}

void json_put_string(struct buf *b, struct slice s)
{
    put_string(b, s, JSON_UTF8);
}

void json_put_string_ascii(struct buf *b, struct slice s)
{
    put_string(b, s, JSON_ASCII);
}

void json_put_string_lossy(struct buf *b, struct slice s)
{
    put_string(b, s, JSON_LOSSY);
}

void base64_put(struct buf *b, struct slice s)
{
    static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t want = (s.n + 2) / 3 * 4;

    if (want == 0 || buf_reserve(b, want) < 0)
        return;
    unsigned char *o = b->p + b->n;
    size_t i = 0;
    for (; s.n - i >= 3; i += 3) {
        uint32_t v = (uint32_t)s.p[i] << 16 | (uint32_t)s.p[i + 1] << 8 | s.p[i + 2];
        *o++ = (unsigned char)digit[v >> 18];
        *o++ = (unsigned char)digit[v >> 12 & 63];
        *o++ = (unsigned char)digit[v >> 6 & 63];
        *o++ = (unsigned char)digit[v & 63];
    }
    if (i < s.n) {
        uint32_t v = (uint32_t)s.p[i] << 16 | (s.n - i == 2 ? (uint32_t)s.p[i + 1] << 8 : 0);
        *o++ = (unsigned char)digit[v >> 18];
        *o++ = (unsigned char)digit[v >> 12 & 63];
        *o++ = s.n - i == 2 ? (unsigned char)digit[v >> 6 & 63] : (unsigned char)'=';
        *o++ = '=';
    }
    b->n += want;
}
