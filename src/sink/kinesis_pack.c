/* kinesis_pack.c - joins the records at a queue's head to one Kinesis record. */
#include "sink/kinesis_pack.h"

#include "sink/kinesis_api.h"

void packer_init(struct packer *p, enum sink_pack pack, size_t limit)
{
    p->pack = pack;
    p->limit = limit;
    buf_init(&p->joined, limit);
    kpl_init(&p->kpl, limit);
}

void packer_free(struct packer *p)
{
    buf_free(&p->joined);
    kpl_free(&p->kpl);
}

size_t packer_least(const struct packer *p, size_t key_n, size_t data_n)
{
    return key_n + data_n + (p->pack == PACK_LINES ? 1 : 0);
}

/* Into p->joined. 0: not even one fits with the aggregate's overhead. */
static size_t join_kpl(struct packer *p, const struct ring_entry *head, size_t target,
                       const struct shard *shard)
{
    size_t n = 0;

    kpl_begin(&p->kpl, slice_str(shard->first_text));
    for (const struct ring_entry *e = head; e; e = e->next) {
        if (!kpl_add(&p->kpl, ring_key(e), ring_data(e), n ? target : p->limit))
            break;
        n++;
    }
    if (n)
        kpl_finish(&p->kpl, &p->joined);
    return n;
}

static size_t join_lines(struct packer *p, const struct ring_entry *head, size_t target)
{
    size_t n = 0;

    for (const struct ring_entry *e = head; e; e = e->next) {
        if (n && head->key_n + p->joined.n + e->data_n + 1 > target)
            break;
        buf_put_slice(&p->joined, ring_data(e));
        buf_putc(&p->joined, '\n');
        n++;
    }
    return n;
}

size_t packer_put(struct packer *p, struct buf *body, const struct ring_entry *head, size_t target,
                  const struct shard *shard, bool first)
{
    struct slice data = ring_data(head);
    struct slice hash_key = slice_str(shard->first_text);
    size_t n = 0;

    buf_clear(&p->joined);
    switch (p->pack) {
    case PACK_KPL:
        n = join_kpl(p, head, target, shard);
        break;
    case PACK_LINES:
        n = join_lines(p, head, target);
        break;
    case PACK_NONE:
        hash_key = slice_of(NULL, 0);
        break;
    }
    if (n)
        data = buf_slice(&p->joined);
    else
        n = 1; /* as it is */
    kinesis_put_record(body, data, ring_key(head), hash_key, first);
    return p->joined.failed || body->failed ? 0 : n;
}
