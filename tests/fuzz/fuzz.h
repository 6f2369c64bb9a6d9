/* fuzz.h - what the fuzz targets share: a check that no NDEBUG takes away, and exact memory. */
#ifndef WALFERRY_TESTS_FUZZ_FUZZ_H
#define WALFERRY_TESTS_FUZZ_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "decode/parser.h"
#include "unit/printer.h"

/* What always holds; a fuzzer keeps the input that shows otherwise. */
#define HOLDS(x) ((x) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #x))

_Noreturn static inline void fuzz_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: doesn't hold: %s\n", file, line, what);
    abort();
}

/* n bytes of memory that ends with them, so that ASan sees an access behind. Free it. */
static inline unsigned char *fuzz_room(size_t n)
{
    unsigned char *p = malloc(n);

    HOLDS(p != NULL || n == 0);
    return p;
}

static inline unsigned char *fuzz_copy(const void *from, size_t n)
{
    unsigned char *p = fuzz_room(n);

    if (n > 0)
        memcpy(p, from, n);
    return p;
}

#endif
