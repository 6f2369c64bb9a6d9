/* json.h - writes JSON's pieces (RFC 8259), and base64 (RFC 4648), into a buffer. */
#ifndef WALFERRY_BASE_JSON_H
#define WALFERRY_BASE_JSON_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/slice.h"

/* true when s is well-formed UTF-8 (no surrogates, nothing over U+10FFFF, no overlong form). */
bool utf8_valid(struct slice s);

/* A JSON string in quotes, UTF-8 passed through. Sets b->failed when s is not UTF-8. */
void json_put_string(struct buf *b, struct slice s);
/* The same, but every character beyond ASCII as \uXXXX, with surrogate pairs (Python's form). */
void json_put_string_ascii(struct buf *b, struct slice s);
/* For logs: a byte that is not UTF-8 becomes U+FFFD, so that a line is always written. */
void json_put_string_lossy(struct buf *b, struct slice s);

void base64_put(struct buf *b, struct slice s);

#endif
