/* parser.c - how fast rows are taken apart, beside a plain memchr pass over the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode/parser.h"
#include "rows.h"

enum { TRIES = 5 };
static const size_t pass_bytes = 400000000; /* at least, in one try */

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Parses every row, so often; returns how many columns and relations that were. */
static size_t parse_pass(const struct rows *r, size_t rounds, int unused)
{
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    size_t parts = 0;

    (void)unused;
    td_parser_init(&t);
    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < r->n; i++) {
            if (td_parse(&t, &c, r->row[i].p, r->row[i].n, &e) < 0) {
                fprintf(stderr, "row %zu, byte %zu: expected %s\n", i, e.offset, e.want);
                exit(1);
            }
            parts += c.n_relations + c.old.n + c.new.n;
        }
    td_parser_free(&t);
    return parts;
}

/* Looks for a byte in every row up to its end; returns how often it was there. */
static size_t memchr_pass(const struct rows *r, size_t rounds, int byte)
{
    volatile int unknown = byte; /* or the compiler would see that all rounds are the same */
    size_t found = 0;

    for (size_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < r->n; i++) {
            const unsigned char *p = r->row[i].p;
            const unsigned char *end = p + r->row[i].n;
            while ((p = memchr(p, unknown, (size_t)(end - p))) != NULL) {
                p++;
                found++;
            }
        }
    return found;
}

/* The byte that the rows have least often: no row has it, or a few messages of binary content. */
static int rarest_byte(const struct rows *r)
{
    size_t count[256] = {0};
    int rarest = 0;

    for (size_t i = 0; i < r->n; i++)
        for (size_t at = 0; at < r->row[i].n; at++)
            count[r->row[i].p[at]]++;
    for (int byte = 1; byte < 256; byte++)
        if (count[byte] < count[rarest])
            rarest = byte;
    return rarest;
}

/* GB/s of the best of a few tries; *parts is what the pass returned for one round. */
static double best(size_t (*pass)(const struct rows *r, size_t rounds, int byte),
                   const struct rows *r, int byte, size_t *parts)
{
    size_t rounds = 1 + pass_bytes / r->bytes;
    double least = 1e9;

    for (int i = 0; i < TRIES; i++) {
        double start = seconds();
        size_t all = pass(r, rounds, byte);
        double took = seconds() - start;
        *parts = all / rounds;
        if (took < least)
            least = took;
    }
    return (double)r->bytes * (double)rounds / 1e9 / least;
}

/* For each file of rows: rows, bytes, columns and relations, parser GB/s, memchr GB/s. */
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct rows r;
        size_t parts, found;
        rows_read(&r, argv[i]);
        int byte = rarest_byte(&r);
        double scan = best(memchr_pass, &r, byte, &found);
        double parse = best(parse_pass, &r, byte, &parts);
        if (found * 1000 > r.bytes || !parts) {
            fprintf(stderr, "%s: every byte is there often, or nothing was parsed\n", argv[i]);
            return 1;
        }
        printf("%zu %zu %zu %.3f %.3f\n", r.n, r.bytes, parts, parse, scan);
        fflush(stdout);
        rows_free(&r);
    }
    return 0;
}
