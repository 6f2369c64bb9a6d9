/* partition.c - the partition key of a record. */
#include "route/partition.h"

#include <inttypes.h>
#include <stdint.h>

#include "base/json.h"
#include "decode/parser.h"

/* Kinesis's bound is 256 characters; as many bytes are never more. */
enum { MOST_BYTES = 256, HASH_TEXT = 17 };

static void put_values(struct buf *out, const struct event *ev)
{
    for (uint32_t i = 0; i < ev->n_key; i++) {
        const struct td_column *c = ev->key[i];
        if (i > 0)
            buf_putc(out, ',');
        if (buf_reserve(out, c->value.n) == 0)
            out->n += td_unquote_value(out->p + out->n, c);
    }
}

static void put_subject(struct buf *out, const struct event *ev)
{
    buf_put_slice(out, ev->message ? ev->message->prefix : ev->relation->name);
}

/* Cuts at a character's start and puts a hash of the whole behind. */
static void shorten(struct buf *out)
{
    uint64_t h = 0xcbf29ce484222325u;
    size_t n = out->n < MOST_BYTES - HASH_TEXT ? out->n : MOST_BYTES - HASH_TEXT;

    for (size_t i = 0; i < out->n; i++)
        h = (h ^ out->p[i]) * 0x100000001b3u;
    while (n > 0 && n < out->n && (out->p[n] & 0xC0) == 0x80)
        n--;
    if (!utf8_valid(slice_of(out->p, n)))
        n = 0;
    out->n = n;
    buf_printf(out, "#%016" PRIx64, h);
}

void partition_key(struct buf *out, const struct partition *p, const struct event *ev)
{
    buf_clear(out);
    switch (p->by) {
    case PARTITION_TABLE:
        put_subject(out, ev);
        break;
    case PARTITION_PK:
        put_values(out, ev);
        if (out->n == 0)
            put_subject(out, ev);
        break;
    case PARTITION_XID:
        buf_put_u64(out, ev->xid);
        break;
    case PARTITION_CONST:
        buf_put_slice(out, p->text);
        return;
    }
    if (out->n == 0)
        buf_puts(out, "message"); /* one without a prefix */
    if (out->n > MOST_BYTES || !utf8_valid(buf_slice(out)))
        shorten(out);
}
