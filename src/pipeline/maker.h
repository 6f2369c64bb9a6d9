/* maker.h - makes the records of one row: parses it, finds its key, formats it. */
#ifndef WALFERRY_PIPELINE_MAKER_H
#define WALFERRY_PIPELINE_MAKER_H

#include "base/buf.h"
#include "base/err.h"
#include "decode/event.h"
#include "decode/parser.h"
#include "format/format.h"
#include "pipeline/pipeline.h"
#include "source/source.h"

/* One record that was made, by its places in the maker's buffers. */
struct made {
    size_t key_at, key_n;
    size_t data_at, data_n;
    uint64_t index;
};

struct maker {
    const struct pipeline_config *cfg;
    struct source *source;
    const struct format_ops *format;
    struct pipeline_counts *counts;
    struct td_parser parser;
    struct buf key;  /* of one event */
    struct buf keys; /* of all of `made` */
    struct buf data; /* of all of `made` */
    struct made *made;
    uint32_t n_made, made_cap;
};

void maker_init(struct maker *m, const struct pipeline_config *cfg, struct source *source,
                const struct format_ops *format, struct pipeline_counts *counts);
void maker_free(struct maker *m);
/*
 * Makes m->made of a row of t whose first index is *index, and moves *index past all that the row
 * may take up: 1 for a row, 2 for an UPDATE with an old image, 1 a table for TRUNCATE. That depends
 * on the row's text alone, so that positions are the same after a restart.
 * 1 done, 0 the catalog has to be asked first: call again later, -1 with *e.
 */
int maker_row(struct maker *m, const struct txn *t, const struct txn_row *row, uint64_t *index,
              struct err *e);
struct slice maker_key(const struct maker *m, const struct made *made);
struct slice maker_data(const struct maker *m, const struct made *made);

#endif
