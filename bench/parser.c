/* parser.c - how fast rows are taken apart, beside a plain memchr pass over the same bytes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "decode/parser.h"

enum { ROWS = 64, ROUNDS = 20000, TRIES = 5 };

static double seconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double best(double (*pass)(char **rows, const size_t *n), char **rows, const size_t *n)
{
    double least = 1e9;

    for (int i = 0; i < TRIES; i++) {
        double took = pass(rows, n);
        if (took < least)
            least = took;
    }
    return least;
}

static double parse_pass(char **rows, const size_t *n)
{
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    unsigned long columns = 0;

    td_parser_init(&t);
    double start = seconds();
    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < ROWS; i++) {
            if (td_parse(&t, &c, (const unsigned char *)rows[i], n[i], &e) < 0)
                exit(1);
            columns += c.new.n;
        }
    double took = seconds() - start;
    td_parser_free(&t);
    if (columns != 9ul * ROWS * ROUNDS)
        exit(1);
    return took;
}

static double memchr_pass(char **rows, const size_t *n)
{
    unsigned long found = 0;
    double start = seconds();

    for (int round = 0; round < ROUNDS; round++)
        for (int i = 0; i < ROWS; i++)
            found += memchr(rows[i], 1 + round % 8, n[i]) != NULL;
    double took = seconds() - start;
    if (found)
        exit(1);
    return took;
}

/* Prints: bytes a row, parser GB/s, memchr GB/s. */
int main(void)
{
    char *rows[ROWS];
    size_t n[ROWS], bytes = 0;

    for (int i = 0; i < ROWS; i++) {
        char text[1024];
        int len =
            snprintf(text, sizeof text,
                     "table public.orders: INSERT: id[bigint]:%d customer[integer]:%d "
                     "name[character varying]:'Jane O''Neill %d' amount[numeric]:%d.25 "
                     "active[boolean]:true created[timestamp with time zone]:"
                     "'2026-11-21 02:13:46.123456+00' note[text]:'hello world this is a note' "
                     "tags[text[]]:'{a,b,c}' "
                     "ref[uuid]:'6f1c9e54-3a0e-4b5e-9d3b-5d1c1a2b3c%02d'",
                     123456 + i * 7919, i * 37, i * 1001, i * 13, i);
        n[i] = (size_t)len;
        rows[i] = malloc(n[i] + 1);
        if (!rows[i])
            return 1;
        memcpy(rows[i], text, n[i] + 1);
        bytes += n[i];
    }
    double total = (double)bytes * ROUNDS / 1e9;
    printf("%zu %.3f %.3f\n", bytes / ROWS, total / best(parse_pass, rows, n),
           total / best(memchr_pass, rows, n));
    for (int i = 0; i < ROWS; i++)
        free(rows[i]);
    return 0;
}
