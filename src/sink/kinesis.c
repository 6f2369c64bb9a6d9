/* kinesis.c - the sink for Amazon Kinesis Data Streams: takes records, sends, retries. */
#include "sink/kinesis.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "sink/kinesis_state.h"

enum {
    CALL_BYTES = 4 << 20,  /* of one PutRecords, before base64; one record may be larger */
    BODY_MAX = 128 << 20,  /* never reached: a record is the stream's limit at most */
    BODY_KEEP = 256 << 10, /* memory an idle call may hold on to */
    STREAM_CHARS = 128,
    TOKEN_MAX = 1 << 20,
};

static struct kinesis *self(struct sink *s)
{
    return (struct kinesis *)(void *)s;
}

static const struct kinesis *self_const(const struct sink *s)
{
    return (const struct kinesis *)(const void *)s;
}

static int fatal(const struct kinesis *k, const char *operation, const struct kinesis_error *error,
                 struct err *e)
{
    return err_set(e, ERR_SINK, "kinesis stream \"%s\" in %s: %s: %s%s%s", k->stream,
                   k->client.region, operation, error->code, *error->message ? ": " : "",
                   error->message);
}

/* --- calls --------------------------------------------------------------------------------- */

static struct call *free_call(struct kinesis *k)
{
    for (size_t i = 0; i < KINESIS_CALLS; i++)
        if (!k->call[i].busy)
            return &k->call[i];
    return NULL;
}

static int start_call(struct kinesis *k, struct call *c, const char *operation, struct err *e)
{
    if (c->body.failed)
        return err_set(e, ERR_SYSTEM, "kinesis: no room for a request");
    int status = kinesis_client_start(&k->client, operation, buf_slice(&c->body), c, e);
    assert(status != 0); /* as many slots as calls */
    if (status < 0)
        return -1;
    c->busy = true;
    k->flying++;
    return 0;
}

static void end_call(struct kinesis *k, struct call *c)
{
    c->busy = false;
    c->lanes = NULL;
    c->n = 0;
    buf_clear(&c->body);
    if (c->body.cap > BODY_KEEP)
        buf_free(&c->body);
    k->flying--;
}

/* --- the stream and its shards ------------------------------------------------------------- */

/* Asks what the phase wants to know. */
static int ask(struct kinesis *k, struct err *e)
{
    struct call *c = &k->call[0];

    assert(!c->busy);
    c->put = false;
    buf_clear(&c->body);
    if (k->phase == PHASE_DESCRIBE) {
        kinesis_put_describe(&c->body, slice_str(k->stream));
        return start_call(k, c, "DescribeStreamSummary", e);
    }
    kinesis_put_list(&c->body, slice_str(k->stream), buf_slice(&k->token), k->filter);
    return start_call(k, c, "ListShards", e);
}

/* --- records ------------------------------------------------------------------------------- */

/* One PutRecords with the heads of as many ready lanes as fit. */
static int start_put(struct kinesis *k, struct call *c, struct err *e)
{
    struct lane **last = &c->lanes;
    struct lane *lane;
    size_t bytes = 0;

    c->put = true;
    buf_clear(&c->body);
    kinesis_put_begin(&c->body, slice_str(k->stream));
    while (c->n < KINESIS_RECORDS && (lane = k->lanes.ready)) {
        size_t want = lane->bytes < lane->target ? lane->bytes : lane->target;
        size_t least = lane->head->key_n + lane->head->data_n;
        want = want > least ? want : least;
        if (c->n && bytes + want > CALL_BYTES)
            break;
        bytes += want;
        lanes_take(&k->lanes);
        *last = lane;
        last = &lane->next;
        lane->flying = packer_put(&k->packer, &c->body, lane->head, lane->target,
                                  &k->map.shard[lane - k->lanes.lane], c->n == 0);
        if (lane->flying == 0)
            return err_set(e, ERR_SYSTEM, "kinesis: no room for a request");
        c->n++;
    }
    kinesis_put_end(&c->body);
    return start_call(k, c, "PutRecords", e);
}

/* The call failed as a whole: its lanes are as before. */
static void put_failed(struct kinesis *k, struct call *c)
{
    for (struct lane *lane = c->lanes, *next; lane; lane = next) {
        next = lane->next;
        lanes_return(&k->lanes, lane);
    }
}

static void put_one(struct kinesis *k, struct lane *lane, const struct kinesis_outcome *o,
                    int64_t now)
{
    struct kinesis_error error;

    if (!o->stored) {
        bool throttled = o->code.n >= 11 && memcmp(o->code.p, "Provisioned", 11) == 0;
        kinesis_error_set(&error, o->code, o->message);
        kinesis_note_trouble(k, now, "PutRecords", &error);
        lanes_failed(&k->lanes, lane, now + kinesis_retry_ms(lane->attempt), throttled);
    } else if (!slice_eq(o->shard, slice_str(k->map.shard[lane - k->lanes.lane].id))) {
        if (k->phase == PHASE_RUN)
            log_info("kinesis: the stream was resharded", LSTR("stream", k->stream),
                     LSLICE("shard", o->shard));
        k->phase = PHASE_DRAIN;
        lanes_landed(lane, o->shard);
    } else {
        lanes_stored(&k->lanes, lane);
    }
}

static void put_answered(struct kinesis *k, struct call *c, struct slice body, int64_t now)
{
    struct kinesis_put_answer answer;
    struct kinesis_error error;
    size_t i = 0;

    if (kinesis_read_put(&answer, body, c->n) < 0) {
        kinesis_error_set(&error, SLICE_LIT("bad answer"),
                          SLICE_LIT("not JSON, or not as many outcomes as records"));
        kinesis_note_trouble(k, now, "PutRecords", &error);
        kinesis_pause(k, now);
        put_failed(k, c);
        return;
    }
    k->attempt = 0;
    for (struct lane *lane = c->lanes, *next; lane; lane = next) {
        struct kinesis_outcome o = kinesis_put_outcome(&answer, i++);
        next = lane->next;
        put_one(k, lane, &o, now);
    }
    kinesis_put_answer_free(&answer);
    kinesis_trim(k);
    kinesis_end_trouble(k, now);
}

/* --- the loop's calls ---------------------------------------------------------------------- */

static const char *operation_of(const struct kinesis *k, const struct call *c)
{
    return c->put                       ? "PutRecords"
           : k->phase == PHASE_DESCRIBE ? "DescribeStreamSummary"
                                        : "ListShards";
}

static int answered(struct kinesis *k, const struct kinesis_reply *r, int64_t now, struct err *e)
{
    struct call *c = r->tag;
    const char *operation = operation_of(k, c);
    int status = 0;

    if (r->verdict == KINESIS_OK) {
        if (c->put)
            put_answered(k, c, r->body, now);
        else if (k->phase == PHASE_DESCRIBE)
            status = kinesis_described(k, r->body, now, e);
        else
            status = kinesis_listed(k, r->body, now, e);
        end_call(k, c);
        return status;
    }
    if (c->put)
        put_failed(k, c);
    else if (k->phase == PHASE_LIST)
        kinesis_list(k);
    end_call(k, c);
    if (r->verdict == KINESIS_FATAL) {
        /* An emulator that doesn't know the filter; the others would fail without it, too. */
        bool filter = strcmp(operation, "ListShards") == 0 && k->filter &&
                      strncmp(r->error.code, "AccessDenied", 12) != 0 &&
                      strncmp(r->error.code, "ResourceNotFound", 16) != 0;
        if (!filter)
            return fatal(k, operation, &r->error, e);
        k->filter = false;
        return 0;
    }
    kinesis_note_trouble(k, now, operation, &r->error);
    kinesis_pause(k, now);
    return 0;
}

static int kinesis_step(struct sink *s, int64_t now_ms, struct err *e)
{
    struct kinesis *k = self(s);
    struct kinesis_reply reply;
    struct call *c;

    k->room = false;
    kinesis_client_step(&k->client, now_ms);
    while (k->flying && kinesis_client_next(&k->client, &reply))
        if (answered(k, &reply, now_ms, e) < 0)
            return -1;
    if (now_ms < k->pause_ms)
        return 0;
    switch (k->phase) {
    case PHASE_DRAIN:
        if (k->flying)
            return 0;
        kinesis_list(k);
        return ask(k, e);
    case PHASE_DESCRIBE:
    case PHASE_LIST:
        return k->flying ? 0 : ask(k, e);
    case PHASE_RUN:
        lanes_wake(&k->lanes, now_ms);
        while (k->lanes.ready && (c = free_call(k)))
            if (start_put(k, c, e) < 0)
                return -1;
        return 0;
    }
    return 0;
}

/* Characters of UTF-8. */
static size_t chars(struct slice s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++)
        n += (s.p[i] & 0xC0) != 0x80;
    return n;
}

static size_t lane_of(struct kinesis *k, struct slice key)
{
    if (slice_eq(key, slice_of(k->last_key, k->last_key_n)))
        return k->last_lane;
    k->last_lane = shard_map_of_key(&k->map, key);
    memcpy(k->last_key, key.p, key.n);
    k->last_key_n = key.n;
    return k->last_lane;
}

static int too_large(const struct kinesis *k, const struct record *r, size_t size, struct err *e)
{
    char at[LSN_TEXT];

    return err_set(e, ERR_RECORD,
                   "record %s:%llu has %zu bytes with its partition key; kinesis stream \"%s\" "
                   "takes %zu at most",
                   lsn_text(at, r->lsn), (unsigned long long)r->index, size, k->stream,
                   k->packer.limit);
}

static int kinesis_submit(struct sink *s, const struct record *r, struct err *e)
{
    struct kinesis *k = self(s);
    struct ring_entry *entry = NULL;

    assert(r->key.n > 0 && r->key.n <= KINESIS_KEY_BYTES);
    assert(r->key.n <= KINESIS_KEY_CHARS || chars(r->key) <= KINESIS_KEY_CHARS);
    if (k->phase == PHASE_RUN) {
        size_t size = packer_least(&k->packer, r->key.n, r->data.n);
        if (size <= k->packer.limit)
            entry = ring_push(&k->ring, r);
        else if (k->ring.n == 0)
            /* All before it are durable: the next run will start at this one. */
            return too_large(k, r, size, e);
    }
    k->refused = !entry;
    if (entry)
        lanes_add(&k->lanes, lane_of(k, r->key), entry);
    return entry != NULL;
}

/* Idle lanes send what they have at each step anyhow. */
static int kinesis_flush(struct sink *s, struct err *e)
{
    (void)s;
    (void)e;
    return 0;
}

static uint64_t kinesis_durable(const struct sink *s)
{
    return self_const(s)->durable;
}

static void kinesis_watch(const struct sink *s, struct watch *w)
{
    const struct kinesis *k = self_const(s);
    int64_t due = INT64_MAX;

    kinesis_client_watch(&k->client, w);
    if (k->room)
        watch_until(w, 0);
    switch (k->phase) {
    case PHASE_DESCRIBE:
    case PHASE_LIST:
    case PHASE_DRAIN:
        due = k->flying ? INT64_MAX : 0;
        break;
    case PHASE_RUN:
        if (k->flying < KINESIS_CALLS)
            due = k->lanes.ready ? 0 : k->lanes.due_ms;
        break;
    }
    if (due != INT64_MAX)
        watch_until(w, due > k->pause_ms ? due : k->pause_ms);
}

static void kinesis_close(struct sink *s)
{
    struct kinesis *k = self(s);

    kinesis_client_close(&k->client);
    for (size_t i = 0; i < KINESIS_CALLS; i++)
        buf_free(&k->call[i].body);
    buf_free(&k->token);
    shard_map_free(&k->map);
    shard_map_free(&k->fresh);
    packer_free(&k->packer);
    ring_free(&k->ring);
    lanes_free(&k->lanes);
    free(k);
}

static int check_stream(const char *stream, struct err *e)
{
    static const char legal[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

    if (!stream || !*stream)
        return err_set(e, ERR_USAGE, "the kinesis sink needs a stream: kinesis:STREAM");
    if (strlen(stream) > STREAM_CHARS || stream[strspn(stream, legal)])
        return err_set(e, ERR_USAGE,
                       "\"%.200s\" is not the name of a Kinesis stream: 1 to 128 of A-Z a-z 0-9 "
                       "_ . -",
                       stream);
    return 0;
}

static int kinesis_open(struct sink **out, const struct sink_config *c, struct err *e)
{
    struct kinesis *k;

    if (check_stream(c->target, e) < 0)
        return -1;
    k = calloc(1, sizeof *k);
    if (!k)
        return err_sys(e, "kinesis");
    k->head.ops = &sink_kinesis;
    k->stream = c->target;
    k->filter = true;
    packer_init(&k->packer, c->pack, KINESIS_RECORD_DEFAULT);
    for (size_t i = 0; i < KINESIS_CALLS; i++)
        buf_init(&k->call[i].body, BODY_MAX);
    buf_init(&k->token, TOKEN_MAX);
    k->lanes.due_ms = INT64_MAX;
    if (shard_map_init(&k->map, e) < 0 || shard_map_init(&k->fresh, e) < 0 ||
        kinesis_client_open(&k->client, c, KINESIS_CALLS, e) < 0) {
        kinesis_close(&k->head);
        return -1;
    }
    log_info("kinesis: opening", LSTR("stream", k->stream), LSTR("region", k->client.region),
             LSTR("endpoint", k->client.endpoint.url),
             LSTR("credentials", credentials_source(k->client.credentials)));
    *out = &k->head;
    return 0;
}

const struct sink_ops sink_kinesis = {
    .name = "kinesis",
    .target = "STREAM",
    .summary = "Amazon Kinesis Data Streams, strictly ordered",
    .partitioned = true,
    .open = kinesis_open,
    .submit = kinesis_submit,
    .step = kinesis_step,
    .flush = kinesis_flush,
    .durable = kinesis_durable,
    .watch = kinesis_watch,
    .close = kinesis_close,
};
