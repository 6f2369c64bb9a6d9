/* kinesis_shards.c - learns the stream's limit and shards, at the start and after a reshard. */
#include <string.h>

#include "base/log.h"
#include "sink/kinesis_state.h"

enum {
    RING_BYTES = 8 << 20,   /* records taken and not yet durable */
    JOINED_BYTES = 1 << 20, /* of one Kinesis record that holds several of ours */
    STALE_LISTS = 5,        /* lists that still have a closed shard, before one is believed */
};

void kinesis_list(struct kinesis *k)
{
    k->phase = PHASE_LIST;
    k->fresh.n = 0;
    buf_clear(&k->token);
}

int kinesis_described(struct kinesis *k, struct slice body, int64_t now, struct err *e)
{
    struct kinesis_error error = {.code = "no description", .message = ""};
    struct kinesis_stream stream;

    if (kinesis_read_describe(&stream, body) < 0) {
        kinesis_note_trouble(k, now, "DescribeStreamSummary", &error);
        kinesis_pause(k, now);
        return 0;
    }
    switch (stream.status) {
    case STREAM_GOING:
        return err_set(e, ERR_SINK, "kinesis stream \"%s\" in %s is being deleted", k->stream,
                       k->client.region);
    case STREAM_NOT_YET:
        kinesis_error_set(&error, SLICE_LIT("CREATING"), SLICE_LIT("the stream isn't ready yet"));
        kinesis_note_trouble(k, now, "DescribeStreamSummary", &error);
        kinesis_pause(k, now);
        return 0;
    case STREAM_READY:
        break;
    }
    size_t limit = stream.record_max;
    size_t twice = 2 * ring_room(KINESIS_KEY_BYTES, limit);
    packer_init(&k->packer, k->packer.pack, limit);
    if (ring_init(&k->ring, twice > RING_BYTES ? twice : RING_BYTES, e) < 0)
        return -1;
    kinesis_list(k);
    return 0;
}

static bool is_stale(const struct kinesis *k)
{
    for (size_t i = 0; i < k->lanes.n; i++) {
        const struct shard *old = &k->map.shard[i];
        const struct shard *new = &k->fresh.shard[shard_map_find(&k->fresh, old->first)];
        if (k->lanes.lane[i].state == LANE_LANDED && strcmp(old->id, new->id) == 0)
            return true;
    }
    return false;
}

/*
 * Heads that were stored in another shard than meant. With an explicit hash key all of it went to
 * the shard that now holds that key; what belongs elsewhere is sent again, so that whoever reads
 * its shard alone sees every record, in order. Without belief in the list it is left at that.
 */
static void settle_landed(struct kinesis *k, bool believed)
{
    for (size_t i = 0; i < k->lanes.n; i++) {
        struct lane *lane = &k->lanes.lane[i];
        struct ring_entry *e = lane->head;
        if (lane->state != LANE_LANDED)
            continue;
        for (size_t n = lane->flying; n; n--, e = e->next) {
            size_t home = shard_map_of_key(&k->fresh, ring_key(e));
            e->done = !believed || strcmp(k->fresh.shard[home].id, lane->landed) == 0;
        }
    }
}

/* Takes over the listed map, and spreads the records still kept over its lanes, in order. */
static int adopt_map(struct kinesis *k, struct err *e)
{
    struct lanes lanes;
    size_t limit = k->packer.limit;

    if (lanes_init(&lanes, k->fresh.n, limit < JOINED_BYTES ? limit : JOINED_BYTES, e) < 0)
        return -1;
    struct shard_map old = k->map;
    k->map = k->fresh;
    k->fresh = old;
    lanes_free(&k->lanes);
    k->lanes = lanes;
    k->last_key_n = 0;
    kinesis_trim(k);
    for (struct ring_entry *r = ring_first(&k->ring); r; r = ring_next(&k->ring, r))
        if (!r->done)
            lanes_add(&k->lanes, shard_map_of_key(&k->map, ring_key(r)), r);
    k->phase = PHASE_RUN;
    k->room = k->refused;
    k->stale_lists = 0;
    log_info("kinesis: shards listed", LSTR("stream", k->stream), LUINT("shards", k->map.n),
             LUINT("record_bytes", limit), LUINT("waiting", k->ring.n));
    return 0;
}

int kinesis_listed(struct kinesis *k, struct slice body, int64_t now, struct err *e)
{
    struct kinesis_error error = {.code = "shard list", .message = ""};
    struct err why;

    if (kinesis_read_list(&k->fresh, &k->token, body, &why) < 0 ||
        (k->token.n == 0 && shard_map_seal(&k->fresh, &why) < 0)) {
        kinesis_error_set(&error, SLICE_LIT("shard list"), slice_str(why.text));
        kinesis_note_trouble(k, now, "ListShards", &error);
        kinesis_pause(k, now);
        kinesis_list(k);
        return 0;
    }
    if (k->token.n)
        return 0;
    bool stale = is_stale(k);
    if (stale && ++k->stale_lists < STALE_LISTS) {
        kinesis_error_set(&error, SLICE_LIT("shard list"),
                          SLICE_LIT("still has a shard that records no longer go to"));
        kinesis_note_trouble(k, now, "ListShards", &error);
        kinesis_pause(k, now);
        kinesis_list(k);
        return 0;
    }
    if (stale)
        log_warn("kinesis: records are stored in another shard than the shard list says",
                 LSTR("stream", k->stream));
    settle_landed(k, !stale);
    k->attempt = 0;
    if (adopt_map(k, e) < 0)
        return -1;
    kinesis_end_trouble(k, now);
    return 0;
}
