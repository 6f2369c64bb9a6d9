/* text.c - the source that reads rows of test_decoding as text from standard input. */
#include "source/text.h"

#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include "source/keys.h"
#include "source/row_reader.h"
#include "source/spool.h"

/* A place is line * 2^16 + the column where the row's text begins in it. */
enum { COLUMN_BITS = 16, ROWS_A_CALL = 4096 };

struct text_source {
    struct source base;
    struct row_reader reader;
    struct spool spool;
    struct td_parser parser;
    struct catalog catalog;
    bool keyed; /* keys were given: what isn't among them has none */
    bool collecting;
    bool more; /* rows may be waiting in the reader */
    bool ended;
    bool stopped;
    uint64_t begun; /* line of the BEGIN */
    lsn_t last;     /* commit LSN handed out last */
    uint32_t xid;
    char time[64];
};

static struct text_source *self(struct source *s)
{
    return (struct text_source *)s;
}

static const struct text_source *const_self(const struct source *s)
{
    return (const struct text_source *)s;
}

static int text_open(struct source **out, const struct source_config *cfg, struct err *e)
{
    struct text_source *s = calloc(1, sizeof *s);

    if (!s)
        return err_set(e, ERR_SYSTEM, "out of memory");
    s->base.ops = &source_text;
    row_reader_init(&s->reader, STDIN_FILENO);
    catalog_init(&s->catalog);
    td_parser_init(&s->parser);
    s->keyed = cfg->keys_file != NULL;
    if (spool_init(&s->spool, cfg->txn_memory, cfg->spool_dir, e) < 0 ||
        (s->keyed && keys_load(&s->catalog, cfg->keys_file, e) < 0)) {
        source_text.close(&s->base);
        return -1;
    }
    *out = &s->base;
    return 0;
}

static int text_step(struct source *base, int64_t now_ms, struct err *e)
{
    (void)base;
    (void)now_ms;
    (void)e;
    return 0;
}

/* Line and column of the fault: the row may go over many lines. */
static int text_complain(const struct source *base, const struct txn_row *r,
                         const struct td_error *why, struct err *e)
{
    uint64_t line = r->place >> COLUMN_BITS;
    uint64_t column = (r->place & ((1u << COLUMN_BITS) - 1)) + 1;
    char excerpt[256];

    (void)base;
    for (size_t i = 0; i < why->offset && i < r->text.n; i++) {
        column++;
        if (r->text.p[i] == '\n') {
            line++;
            column = 1;
        }
    }
    td_error_excerpt(excerpt, sizeof excerpt, r->text.p, r->text.n, why);
    return err_set(e, ERR_SYNTAX,
                   "standard input, line %" PRIu64 ", column %" PRIu64 ": expected %s\n%s", line,
                   column, why->want, excerpt);
}

static int hand_out(struct text_source *s, struct txn *t, lsn_t lsn, uint32_t xid,
                    struct slice time)
{
    size_t n = time.n < sizeof s->time ? time.n : 0;

    if (n)
        memcpy(s->time, time.p, n);
    *t = (struct txn){.lsn = lsn, .xid = xid, .time = slice_of(s->time, n)};
    s->collecting = false;
    s->last = lsn;
    return 1;
}

/* A row that isn't a table's. 1 when it ends what is handed out, 0 when not, -1. */
static int take_mark(struct text_source *s, struct txn *t, const struct text_row *row,
                     uint64_t place, struct err *e)
{
    struct txn_row at = {.place = place, .text = row->text};
    struct td_change c;
    struct td_error why;

    if (td_parse(&s->parser, &c, row->text.p, row->text.n, &why) < 0)
        return text_complain(&s->base, &at, &why, e);
    if (c.kind == TD_BEGIN && !s->collecting) {
        spool_reset(&s->spool);
        s->collecting = true;
        s->begun = row->line;
        s->xid = c.has_xid ? c.xid : 0;
        return 0;
    }
    why.offset = 0;
    why.want = "an LSN that isn't before the last commit's";
    if (row->lsn < s->last && (c.kind == TD_COMMIT || c.kind == TD_MESSAGE) &&
        !(c.kind == TD_MESSAGE && s->collecting))
        return text_complain(&s->base, &at, &why, e);
    if (c.kind == TD_COMMIT && s->collecting)
        return hand_out(s, t, row->lsn, s->xid, c.time);
    if (c.kind == TD_MESSAGE && s->collecting)
        return spool_append(&s->spool, place, row->text, e);
    if (c.kind == TD_MESSAGE) {
        spool_reset(&s->spool);
        if (spool_append(&s->spool, place, row->text, e) < 0)
            return -1;
        return hand_out(s, t, row->lsn, 0, slice_of(NULL, 0));
    }
    why.want = s->collecting ? "a change or COMMIT" : "BEGIN or a message";
    return text_complain(&s->base, &at, &why, e);
}

static int take_row(struct text_source *s, struct txn *t, const struct text_row *row, struct err *e)
{
    uint64_t place = row->line << COLUMN_BITS | row->column;

    if (row->text.n > 0 && row->text.p[0] == 't' && s->collecting)
        return spool_append(&s->spool, place, row->text, e);
    return take_mark(s, t, row, place, e);
}

static bool readable(void)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

    return poll(&p, 1, 0) > 0;
}

static int at_end(struct text_source *s, struct err *e)
{
    s->ended = true;
    s->more = false;
    if (!s->collecting)
        return 0;
    return err_set(e, ERR_SYNTAX,
                   "standard input ends inside the transaction that begins at line %" PRIu64
                   ", which isn't published",
                   s->begun);
}

static int text_next(struct source *base, struct txn *t, struct err *e)
{
    struct text_source *s = self(base);
    struct text_row row;

    if (s->ended || s->stopped)
        return 0;
    s->more = true;
    for (int i = 0; i < ROWS_A_CALL; i++) {
        int got = row_reader_next(&s->reader, &row, e);
        if (got == 2)
            return at_end(s, e);
        if (got == 1)
            got = take_row(s, t, &row, e);
        else if (got == 0 && !readable())
            return s->more = false, 0;
        else if (got == 0)
            got = row_reader_fill(&s->reader, e);
        if (got != 0)
            return got;
    }
    return 0;
}

static int text_row(struct source *base, struct txn_row *r, struct err *e)
{
    return spool_next(&self(base)->spool, &r->place, &r->text, e);
}

static int text_table(struct source *base, struct slice name, uint32_t xid, struct table **out)
{
    struct text_source *s = self(base);

    (void)xid;
    *out = catalog_find(&s->catalog, name);
    if (!*out)
        *out = catalog_note_unknown(&s->catalog, name, 0);
    if (*out)
        (*out)->keyless = !s->keyed;
    return *out != NULL;
}

/* The keys are what they are. */
static int text_renew(struct source *base, uint32_t xid)
{
    (void)base;
    (void)xid;
    return 0;
}

static void text_refresh(struct source *base)
{
    (void)base;
}

static void text_acknowledge(struct source *base, lsn_t lsn)
{
    (void)base;
    (void)lsn;
}

static void text_stop(struct source *base)
{
    self(base)->stopped = true;
}

static bool text_settled(const struct source *base)
{
    return const_self(base)->ended || const_self(base)->stopped;
}

static bool text_converts(const struct source *base)
{
    (void)base;
    return false;
}

static void text_watch(const struct source *base, struct watch *w, bool reading)
{
    const struct text_source *s = const_self(base);

    if (!reading || s->ended || s->stopped)
        return;
    if (s->more)
        watch_until(w, 0);
    else
        watch_fd(w, STDIN_FILENO, POLLIN);
}

static void text_close(struct source *base)
{
    struct text_source *s = self(base);

    row_reader_free(&s->reader);
    spool_free(&s->spool);
    catalog_free(&s->catalog);
    td_parser_free(&s->parser);
    free(s);
}

const struct source_ops source_text = {
    .open = text_open,
    .step = text_step,
    .next = text_next,
    .row = text_row,
    .complain = text_complain,
    .table = text_table,
    .renew = text_renew,
    .refresh = text_refresh,
    .acknowledge = text_acknowledge,
    .stop = text_stop,
    .settled = text_settled,
    .converts = text_converts,
    .watch = text_watch,
    .close = text_close,
};
