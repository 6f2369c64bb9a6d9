/* parser.h - takes one row of test_decoding's output apart. */
#ifndef WALFERRY_DECODE_PARSER_H
#define WALFERRY_DECODE_PARSER_H

#include <stddef.h>

#include "decode/change.h"

/*
 * An example, which the tests compile against the installed library and run:
 *
 *     #include <stdio.h>
 *     #include <string.h>
 *     #include <test_decoding.h>
 *
 *     int main(void)
 *     {
 *         static const char row[] = "table public.t: INSERT: id[integer]:7 name[text]:'O''Neill'";
 *         struct td_parser parser;
 *         struct td_change change;
 *         struct td_error error;
 *         unsigned char text[sizeof row];
 *         char excerpt[256];
 *
 *         td_parser_init(&parser);
 *         if (td_parse(&parser, &change, (const unsigned char *)row, strlen(row), &error) < 0) {
 *             td_error_excerpt(excerpt, sizeof excerpt, (const unsigned char *)row, strlen(row),
 *                              &error);
 *             fprintf(stderr, "byte %zu: expected %s\n%s\n", error.offset, error.want, excerpt);
 *             return 1;
 *         }
 *         for (uint32_t i = 0; i < change.new.n; i++) {
 *             const struct td_column *c = &change.new.columns[i];
 *             size_t n = td_unquote_value(text, c);
 *             printf("%.*s = %.*s\n", (int)c->name.n, (const char *)c->name.p, (int)n,
 *                    (const char *)text);
 *         }
 *         td_parser_free(&parser);
 *         return 0;
 *     }
 */

/* Columns of two images of a row, and relations of one TRUNCATE; more is an error. */
enum { TD_MAX_COLUMNS = 2 * 1664, TD_MAX_RELATIONS = 1 << 20 };

/* Memory that grows to the widest row seen and is used again for each row. */
struct td_parser {
    struct td_column *columns;
    uint32_t columns_cap;
    struct td_relation *relations;
    uint32_t relations_cap;
    /* The server converts to another encoding on the way: a message's size counts other bytes. */
    bool converted;
};

/* Where and why a row doesn't parse. */
struct td_error {
    size_t offset;    /* into the row, in bytes */
    const char *want; /* what should stand there */
};

void td_parser_init(struct td_parser *t);
void td_parser_free(struct td_parser *t);

/*
 * Parses row[0 .. n), after which row[n] must be a NUL, as PQgetCopyData leaves it. The change
 * borrows from the row and from t. 0, or -1 with *e filled.
 */
int td_parse(struct td_parser *t, struct td_change *c, const unsigned char *row, size_t n,
             struct td_error *e);

/*
 * Two lines of text for people: the row around the fault, and a caret under it. Bytes that aren't
 * printable ASCII show as '.'. Always NUL-terminated; cut to size.
 */
void td_error_excerpt(char *out, size_t size, const unsigned char *row, size_t n,
                      const struct td_error *e);

/*
 * Gives the unchanged TOAST columns of an UPDATE the value that its old row holds, as it does under
 * REPLICA IDENTITY FULL. What can't be found stays TD_UNCHANGED.
 */
void td_recover_unchanged(struct td_parser *t, struct td_change *c);

/* The column of that name as printed, or NULL; looks at place `hint` first. */
const struct td_column *td_find_column(const struct td_tuple *t, struct slice name, uint32_t hint);

/* A name as printed into dst, without quotes; returns its length. dst holds s.n bytes or more. */
size_t td_unquote_name(unsigned char *dst, struct slice s);
/* A TD_TEXT value into dst, quotes undoubled; returns its length. dst holds value.n or more. */
size_t td_unquote_value(unsigned char *dst, const struct td_column *c);

#endif
