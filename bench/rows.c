/* rows.c - rows in memory, for what measures the parser. */
#include "rows.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn static void fail(const char *path, const char *what)
{
    fprintf(stderr, "%s: %s\n", path, what);
    exit(1);
}

static unsigned char *read_row(FILE *f, const char *path, size_t n)
{
    unsigned char *row = malloc(n + 1);

    if (!row)
        fail(path, "out of memory");
    if (fread(row, 1, n, f) != n || getc(f) != '\n')
        fail(path, "cut off");
    row[n] = 0;
    return row;
}

void rows_read(struct rows *r, const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t cap = 0;
    size_t n;

    *r = (struct rows){0};
    if (!f)
        fail(path, "not there");
    while (fscanf(f, "%zu", &n) == 1) {
        if (getc(f) != '\n')
            fail(path, "not a file of rows");
        if (r->n == cap) {
            cap = cap ? 2 * cap : 64;
            r->row = realloc(r->row, cap * sizeof *r->row);
            if (!r->row)
                fail(path, "out of memory");
        }
        r->row[r->n++] = slice_of(read_row(f, path, n), n);
        r->bytes += n;
    }
    if (!feof(f) || r->n == 0)
        fail(path, "not a file of rows");
    fclose(f);
}

void rows_free(struct rows *r)
{
    for (size_t i = 0; i < r->n; i++)
        free((void *)(uintptr_t)r->row[i].p);
    free(r->row);
    *r = (struct rows){0};
}
