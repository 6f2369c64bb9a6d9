/* json.c - one full-row JSON object a change; docs/formats.md describes it for its readers. */
#include "base/json.h"
#include "format/formats.h"
#include "format/text.h"

static const char *operation(enum event_op op)
{
    switch (op) {
    case OP_INSERT:
        return "insert";
    case OP_UPDATE:
        return "update";
    case OP_DELETE:
        return "delete";
    case OP_TRUNCATE:
        return "truncate";
    case OP_MESSAGE:
        return "message";
    }
    return "";
}

/* "2026-11-21 02:13:46.5+00", the year possibly longer, possibly " BC" at the end, as RFC 3339. */
static void put_time(struct buf *out, struct slice t)
{
    size_t space = 0;

    while (space < t.n && t.p[space] != ' ')
        space++;
    if (t.n < space + sizeof " 00:00:00+00" - 1 || t.p[t.n - 3] != '+') {
        if (t.n == 0)
            buf_puts(out, "null");
        else
            json_put_string(out, t);
        return;
    }
    buf_putc(out, '"');
    buf_put(out, t.p, space);
    buf_putc(out, 'T');
    buf_put(out, t.p + space + 1, t.n - space - 1 - 3);
    buf_puts(out, "Z\"");
}

static void put_name(struct buf *out, struct buf *scratch, struct slice printed)
{
    json_put_string(out, text_name(scratch, printed));
}

static void put_value(struct buf *out, struct buf *scratch, const struct td_column *c)
{
    switch (c->kind) {
    case TD_NULL:
    case TD_UNCHANGED:
        buf_puts(out, "null");
        break;
    case TD_BOOL:
    case TD_NUMBER:
        buf_put_slice(out, c->value);
        break;
    case TD_SPECIAL:
    case TD_BITS:
        buf_putc(out, '"');
        buf_put_slice(out, c->value);
        buf_putc(out, '"');
        break;
    case TD_TEXT:
        json_put_string(out, text_value(scratch, c));
        break;
    }
}

static void put_column(struct buf *out, struct buf *scratch, const struct td_column *c, bool first)
{
    if (!first)
        buf_putc(out, ',');
    put_name(out, scratch, c->name);
    buf_putc(out, ':');
    put_value(out, scratch, c);
}

/* A row without the columns whose values aren't known; those go to "unchanged". */
static void put_row(struct buf *out, struct buf *scratch, const char *name,
                    const struct td_tuple *row)
{
    bool first = true;

    buf_puts(out, name);
    buf_putc(out, '{');
    for (uint32_t i = 0; i < row->n; i++) {
        if (row->columns[i].kind == TD_UNCHANGED)
            continue;
        put_column(out, scratch, &row->columns[i], first);
        first = false;
    }
    buf_putc(out, '}');
}

static void put_unchanged(struct buf *out, struct buf *scratch, const struct td_tuple *row)
{
    bool any = false;

    for (uint32_t i = 0; i < row->n; i++) {
        if (row->columns[i].kind != TD_UNCHANGED)
            continue;
        buf_puts(out, any ? "," : ",\"unchanged\":[");
        put_name(out, scratch, row->columns[i].name);
        any = true;
    }
    if (any)
        buf_putc(out, ']');
}

static void put_position(struct buf *out, const struct event *ev)
{
    if (ev->lsn == 0) { /* decode's input may have none */
        buf_puts(out, "{\"pos\":null,\"lsn\":null");
    } else {
        buf_puts(out, "{\"pos\":\"");
        lsn_put(out, ev->lsn);
        buf_putc(out, ':');
        buf_put_u64(out, ev->index);
        buf_puts(out, "\",\"lsn\":\"");
        lsn_put(out, ev->lsn);
        buf_putc(out, '"');
    }
    buf_puts(out, ",\"xid\":");
    buf_put_u64(out, ev->xid);
    buf_puts(out, ",\"ts\":");
    put_time(out, ev->time);
    buf_puts(out, ",\"op\":\"");
    buf_puts(out, operation(ev->op));
    buf_putc(out, '"');
}

static void put_change(struct buf *out, struct buf *scratch, const struct event *ev)
{
    buf_puts(out, ",\"schema\":");
    put_name(out, scratch, ev->relation->schema);
    buf_puts(out, ",\"table\":");
    put_name(out, scratch, ev->relation->table);
    buf_puts(out, ",\"key\":{");
    for (uint32_t i = 0; i < ev->n_key; i++)
        put_column(out, scratch, ev->key[i], i == 0);
    buf_putc(out, '}');
    if (ev->new)
        put_row(out, scratch, ",\"new\":", ev->new);
    if (ev->old)
        put_row(out, scratch, ",\"old\":", ev->old);
    if (ev->new)
        put_unchanged(out, scratch, ev->new);
}

/* Content is any bytes: as text where it is UTF-8, else as base64 under another name. */
static void put_message(struct buf *out, const struct td_message *m)
{
    buf_puts(out, ",\"transactional\":");
    buf_puts(out, m->transactional ? "true" : "false");
    buf_puts(out, ",\"prefix\":");
    json_put_string(out, m->prefix);
    if (utf8_valid(m->content)) {
        buf_puts(out, ",\"content\":");
        json_put_string(out, m->content);
    } else {
        buf_puts(out, ",\"content_base64\":\"");
        base64_put(out, m->content);
        buf_putc(out, '"');
    }
}

static int emit(struct buf *out, const struct event *ev, struct err *e)
{
    struct buf scratch;

    buf_init(&scratch, out->max);
    put_position(out, ev);
    if (ev->message)
        put_message(out, ev->message);
    else
        put_change(out, &scratch, ev);
    buf_putc(out, '}');
    out->failed |= scratch.failed;
    buf_free(&scratch);
    return text_done(out, ev, e);
}

const struct format_ops format_json = {
    .name = "json",
    .summary = "one JSON object a change, with the whole row",
    .emit = emit,
};
