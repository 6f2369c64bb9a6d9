/* csv_payload.c - pg2kinesis's CSVPayload: 0,CDC,{"xid": "31337", "table": … "pkey": "7"} */
#include "base/json.h"
#include "format/formats.h"
#include "format/text.h"

/* A composite key is an array, no key an empty string. Spaces and escapes are Python's. */
static void put_key(struct buf *out, const struct event *ev)
{
    struct buf scratch;

    if (ev->n_key == 0) {
        buf_puts(out, "\"\"");
        return;
    }
    buf_init(&scratch, out->max);
    if (ev->n_key > 1)
        buf_putc(out, '[');
    for (uint32_t i = 0; i < ev->n_key; i++) {
        if (i > 0)
            buf_puts(out, ", ");
        json_put_string_ascii(out, text_value(&scratch, ev->key[i]));
    }
    if (ev->n_key > 1)
        buf_putc(out, ']');
    out->failed |= scratch.failed;
    buf_free(&scratch);
}

static int emit(struct buf *out, const struct event *ev, struct err *e)
{
    if (ev->op == OP_MESSAGE)
        return 0;
    buf_puts(out, "0,CDC,{\"xid\": \"");
    buf_put_u64(out, ev->xid);
    buf_puts(out, "\", \"table\": ");
    json_put_string_ascii(out, ev->relation->name);
    buf_puts(out, ", \"operation\": \"");
    buf_puts(out, text_operation(ev->op));
    buf_puts(out, "\", \"pkey\": ");
    put_key(out, ev);
    buf_putc(out, '}');
    return text_done(out, ev, e);
}

const struct format_ops format_csv_payload = {
    .name = "csv-payload",
    .summary = "0,CDC,{\"xid\": …, \"pkey\": …} as pg2kinesis's CSVPayloadFormatter",
    .emit = emit,
};
