/* peek.c - the source that peeks a logical slot over SQL: two connections and a spool. */
#include "source/peek.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "decode/row_error.h"
#include "source/peek_private.h"

static struct peek_source *self(struct source *s)
{
    return (struct peek_source *)s;
}

static const struct peek_source *const_self(const struct source *s)
{
    return (const struct peek_source *)s;
}

static int peek_open(struct source **out, const struct source_config *cfg, struct err *e)
{
    if (access(cfg->spool_dir, W_OK | X_OK) != 0) {
        err_sys(e, "--spool-dir %s", cfg->spool_dir);
        e->code = ERR_USAGE;
        return -1;
    }
    struct peek_source *s = calloc(1, sizeof *s);
    if (!s)
        return err_set(e, ERR_SYSTEM, "out of memory");
    s->base.ops = &source_peek;
    s->cfg = *cfg;
    snprintf(s->application, sizeof s->application, "walferry:%s", cfg->slot);
    catalog_init(&s->catalog);
    td_parser_init(&s->parser);
    if (spool_init(&s->spool, cfg->txn_memory, cfg->spool_dir, e) < 0) {
        free(s);
        return -1;
    }
    *out = &s->base;
    return 0;
}

static int peek_step(struct source *base, int64_t now_ms, struct err *e)
{
    struct peek_source *s = self(base);

    s->now_ms = now_ms;
    if (control_step(s, e) < 0)
        return -1;
    return stream_step(s, e);
}

static int peek_next(struct source *base, struct txn *t, struct err *e)
{
    return stream_next(self(base), t, e);
}

static int peek_row(struct source *base, struct txn_row *r, struct err *e)
{
    return spool_next(&self(base)->spool, &r->place, &r->text, e);
}

/* A row's place is its LSN. */
static int peek_complain(const struct source *base, const struct txn_row *r,
                         const struct td_error *why, struct err *e)
{
    (void)base;
    return row_error(e, r->place, r->text.p, r->text.n, why);
}

static int peek_table(struct source *base, struct slice name, uint32_t xid, struct table **out)
{
    struct peek_source *s = self(base);

    *out = catalog_find(&s->catalog, name);
    if (*out && (*out)->retired == 0 && (*out)->n_key > 0)
        return 1;
    /* Without a key, or gone: as of the refresh. This transaction may have been after it. */
    if (!catalog_covers(&s->catalog, xid)) {
        s->control.refresh_wanted = true;
        return 0;
    }
    if (!*out)
        *out = catalog_note_unknown(&s->catalog, name, s->upto);
    return *out ? 1 : 0;
}

static int peek_renew(struct source *base, uint32_t xid)
{
    struct peek_source *s = self(base);

    if (catalog_covers(&s->catalog, xid))
        return 0;
    s->control.refresh_wanted = true;
    return 1;
}

static void peek_refresh(struct source *base)
{
    self(base)->control.refresh_wanted = true;
    self(base)->control.refresh_said = true;
}

static void peek_acknowledge(struct source *base, lsn_t lsn)
{
    struct peek_source *s = self(base);

    assert(lsn >= s->acknowledged);
    s->acknowledged = lsn;
}

static void peek_stop(struct source *base)
{
    struct peek_source *s = self(base);

    s->stopped = true;
    stream_close(s);
}

static bool peek_settled(const struct source *base)
{
    const struct peek_source *s = const_self(base);

    if (s->acknowledged > s->advanced)
        return false;
    return s->stopped || !s->cfg.once || (s->goal != 0 && s->advanced >= s->goal);
}

static bool peek_converts(const struct source *base)
{
    return const_self(base)->converts;
}

static void peek_watch(const struct source *base, struct watch *w, bool reading)
{
    const struct peek_source *s = const_self(base);

    control_watch(s, w);
    stream_watch(s, w, reading);
}

static void peek_close(struct source *base)
{
    struct peek_source *s = self(base);

    session_close(&s->control.session);
    stream_close(s);
    catalog_free(&s->catalog);
    spool_free(&s->spool);
    td_parser_free(&s->parser);
    free(s);
}

const struct source_ops source_peek = {
    .open = peek_open,
    .step = peek_step,
    .next = peek_next,
    .row = peek_row,
    .complain = peek_complain,
    .table = peek_table,
    .renew = peek_renew,
    .refresh = peek_refresh,
    .acknowledge = peek_acknowledge,
    .stop = peek_stop,
    .settled = peek_settled,
    .converts = peek_converts,
    .watch = peek_watch,
    .close = peek_close,
};
