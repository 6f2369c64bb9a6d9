/* csv.c - pg2kinesis's CSV: 0,CDC,31337,public.t,INSERT,7 */
#include <string.h>

#include "format/formats.h"
#include "format/text.h"

/* RFC 4180: a field with a comma, a quote or a line break stands in quotes, its quotes doubled. */
static void put_field(struct buf *out, struct slice s)
{
    size_t plain = 0;

    while (plain < s.n && s.p[plain] != ',' && s.p[plain] != '"' && s.p[plain] != '\n' &&
           s.p[plain] != '\r')
        plain++;
    buf_putc(out, ',');
    if (plain == s.n) {
        buf_put_slice(out, s);
        return;
    }
    buf_putc(out, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"')
            buf_putc(out, '"');
        buf_putc(out, (char)s.p[i]);
    }
    buf_putc(out, '"');
}

/* A composite key is further fields; no key is one empty field. */
static int emit(struct buf *out, const struct event *ev, struct err *e)
{
    struct buf scratch;

    if (ev->op == OP_MESSAGE)
        return 0;
    buf_init(&scratch, out->max);
    buf_puts(out, "0,CDC,");
    buf_put_u64(out, ev->xid);
    put_field(out, ev->relation->name);
    put_field(out, slice_str(text_operation(ev->op)));
    for (uint32_t i = 0; i < ev->n_key; i++)
        put_field(out, text_value(&scratch, ev->key[i]));
    if (ev->n_key == 0)
        buf_putc(out, ',');
    out->failed |= scratch.failed;
    buf_free(&scratch);
    return text_done(out, ev, e);
}

const struct format_ops format_csv = {
    .name = "csv",
    .summary = "0,CDC,xid,table,operation,key as pg2kinesis's CSVFormatter",
    .quoted_lines = true,
    .emit = emit,
};
