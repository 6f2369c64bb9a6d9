/* printer.c - turns a parsed change back into the row it was parsed from. */
#include "unit/printer.h"

#include <inttypes.h>

void print_quoted(struct buf *b, struct slice s, char quote)
{
    buf_putc(b, quote);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == (unsigned char)quote)
            buf_putc(b, quote);
        buf_putc(b, (char)s.p[i]);
    }
    buf_putc(b, quote);
}

static void print_relations(struct buf *b, const struct td_change *c, const char *action)
{
    for (uint32_t i = 0; i < c->n_relations; i++) {
        buf_puts(b, i ? ", " : "table ");
        buf_put_slice(b, c->relations[i].schema);
        buf_putc(b, '.');
        buf_put_slice(b, c->relations[i].table);
    }
    buf_puts(b, action);
}

static void print_column(struct buf *b, const struct td_column *c)
{
    const char *open = "";

    switch (c->kind) {
    case TD_TEXT:
        open = "'";
        break;
    case TD_BITS:
        open = "B'";
        break;
    case TD_NULL:
    case TD_UNCHANGED:
    case TD_BOOL:
    case TD_NUMBER:
    case TD_SPECIAL:
        break;
    }
    buf_putc(b, ' ');
    buf_put_slice(b, c->name);
    buf_putc(b, '[');
    buf_put_slice(b, c->type);
    buf_puts(b, "]:");
    buf_puts(b, open);
    buf_put_slice(b, c->value);
    buf_puts(b, *open ? "'" : "");
}

static void print_tuple(struct buf *b, const struct td_tuple *t)
{
    for (uint32_t i = 0; i < t->n; i++)
        print_column(b, &t->columns[i]);
    buf_puts(b, t->present ? "" : " (no-tuple-data)");
}

static void print_mark(struct buf *b, const struct td_change *c, const char *head,
                       const char *before_xid)
{
    buf_puts(b, head);
    buf_put_slice(b, c->gid);
    if (c->has_xid)
        buf_printf(b, "%s%" PRIu32, before_xid, c->xid);
    if (c->time.n == 0)
        return;
    buf_puts(b, " (at ");
    buf_put_slice(b, c->time);
    buf_putc(b, ')');
}

static void print_update(struct buf *b, const struct td_change *c)
{
    print_relations(b, c, ": UPDATE:");
    if (c->old.present) {
        buf_puts(b, " old-key:");
        print_tuple(b, &c->old);
        buf_puts(b, " new-tuple:");
    }
    print_tuple(b, &c->new);
}

static void print_truncate(struct buf *b, const struct td_change *c)
{
    print_relations(b, c, ": TRUNCATE:");
    buf_puts(b, c->restart_seqs ? " restart_seqs" : "");
    buf_puts(b, c->cascade ? " cascade" : "");
    buf_puts(b, c->restart_seqs || c->cascade ? "" : " (no-flags)");
}

static void print_message(struct buf *b, const struct td_message *m)
{
    buf_printf(b, "message: transactional: %d prefix: ", m->transactional);
    buf_put_slice(b, m->prefix);
    buf_printf(b, ", sz: %zu content:", m->content.n);
    buf_put_slice(b, m->content);
}

void print_change(struct buf *b, const struct td_change *c)
{
    switch (c->kind) {
    case TD_BEGIN:
        return print_mark(b, c, "BEGIN", " ");
    case TD_COMMIT:
        return print_mark(b, c, "COMMIT", " ");
    case TD_PREPARE:
        return print_mark(b, c, "PREPARE TRANSACTION ", ", txid ");
    case TD_COMMIT_PREPARED:
        return print_mark(b, c, "COMMIT PREPARED ", ", txid ");
    case TD_ROLLBACK_PREPARED:
        return print_mark(b, c, "ROLLBACK PREPARED ", ", txid ");
    case TD_INSERT:
        print_relations(b, c, ": INSERT:");
        return print_tuple(b, &c->new);
    case TD_UPDATE:
        return print_update(b, c);
    case TD_DELETE:
        print_relations(b, c, ": DELETE:");
        return print_tuple(b, &c->old);
    case TD_TRUNCATE:
        return print_truncate(b, c);
    case TD_MESSAGE:
        return print_message(b, &c->message);
    }
}
