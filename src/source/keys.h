/* keys.h - primary keys as a file: what walferry keys prints and walferry decode reads. */
#ifndef WALFERRY_SOURCE_KEYS_H
#define WALFERRY_SOURCE_KEYS_H

#include <stdio.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "source/catalog.h"

/*
 * A line a table: its name as test_decoding prints it, its replica identity (d, n, f or i), and its
 * key's columns in key order, joined by commas; nothing for a table without a key.
 *
 *   public.lines d "order id",line
 *
 * A name in quotes may hold anything, line ends too.
 */

/* Prints the tables of a result of catalog_query. */
void keys_print(FILE *out, const PGresult *res);
/* Adds the tables of a file to c. 0, or -1 with *e: its line and what is wrong there. */
int keys_load(struct catalog *c, const char *path, struct err *e);

#endif
