/*
 * count.c - parses the rows of a file so many times, for valgrind to count what that takes.
 *
 *   count parse ROUNDS FILE   only parses: the difference between two ROUNDS is the parser alone
 *   count use ROUNDS FILE     unquotes all names and values too, into memory of their size
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decode/parser.h"
#include "rows.h"

/* Reads what was written, so that valgrind misses a byte that wasn't. */
static unsigned long sum_of(const unsigned char *p, size_t n)
{
    unsigned long sum = n;

    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + p[i];
    return sum;
}

static unsigned long use_name(struct slice name)
{
    unsigned char *room = malloc(name.n);

    if (!room)
        exit(1);
    unsigned long sum = sum_of(room, td_unquote_name(room, name));
    free(room);
    return sum;
}

static unsigned long use_tuple(const struct td_tuple *t)
{
    unsigned long sum = t->n;

    for (uint32_t i = 0; i < t->n; i++) {
        const struct td_column *c = &t->columns[i];
        unsigned char *room = malloc(c->value.n + !c->value.n);
        if (!room)
            exit(1);
        sum += sum_of(room, td_unquote_value(room, c)) + use_name(c->name);
        sum += sum_of(c->type.p, c->type.n);
        free(room);
    }
    return sum;
}

static unsigned long use(struct td_parser *t, struct td_change *c)
{
    unsigned long sum = c->xid;

    td_recover_unchanged(t, c);
    for (uint32_t i = 0; i < c->n_relations; i++)
        sum += use_name(c->relations[i].schema) + use_name(c->relations[i].table);
    sum += use_tuple(&c->old) + use_tuple(&c->new);
    sum += sum_of(c->time.p, c->time.n) + sum_of(c->gid.p, c->gid.n);
    sum += sum_of(c->message.prefix.p, c->message.prefix.n);
    return sum + sum_of(c->message.content.p, c->message.content.n);
}

int main(int argc, char **argv)
{
    struct td_parser t;
    struct td_change c;
    struct td_error e;
    struct rows r;

    if (argc != 4)
        return 2;
    bool only_parse = strcmp(argv[1], "parse") == 0;
    unsigned long rounds = strtoul(argv[2], NULL, 10);
    unsigned long columns = 0, sum = 0;
    rows_read(&r, argv[3]);
    td_parser_init(&t);
    for (unsigned long round = 0; round < rounds; round++)
        for (size_t i = 0; i < r.n; i++) {
            if (td_parse(&t, &c, r.row[i].p, r.row[i].n, &e) < 0)
                return 1;
            columns += c.old.n + c.new.n;
            sum += only_parse ? 0 : use(&t, &c);
        }
    td_parser_free(&t);
    rows_free(&r);
    printf("%lu %lu\n", columns, sum);
    return 0;
}
