#!/bin/sh
# public_header.sh - prints test_decoding.h: the decoder's headers as one that stands by itself.
set -eu
cd "$(dirname "$0")"

# What a header says between its guards, with the library's prefix on what base lends it.
body() {
    sed -e '1d' -e '/^#ifndef WALFERRY_/d' -e '/^#define WALFERRY_/d' -e '/^#endif$/d' \
        -e '/^#include "/d' -e 's/struct slice\b/struct td_slice/g' -e '/^#include </d' "$1" |
        cat -s
}

cat <<'TEXT'
/*
 * test_decoding.h - takes the text of PostgreSQL's test_decoding apart, without copying it.
 *
 * No globals, no input or output; memory grows to the widest row seen and no further. A parser is
 * for one thread at a time. Part of walferry, under its MIT licence.
 */
#ifndef TEST_DECODING_H
#define TEST_DECODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Borrowed bytes, not NUL-terminated. p may be NULL when n is 0. */
struct td_slice {
    const unsigned char *p;
    size_t n;
};
TEXT
body change.h
body parser.h
cat <<'TEXT'

#endif
TEXT
