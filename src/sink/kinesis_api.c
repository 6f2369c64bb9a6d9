/* kinesis_api.c - Kinesis' messages: requests written, answers read, errors judged. */
#include "sink/kinesis_api.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static json_t *parse(struct slice body)
{
    return body.n ? json_loadb((const char *)body.p, body.n, 0, NULL) : NULL;
}

/* A string member, or an empty slice when there is none. */
static struct slice member(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);

    return slice_of(json_string_value(v), json_string_length(v));
}

static void copy(char *out, size_t size, struct slice s)
{
    snprintf(out, size, "%.*s", (int)(s.n < size ? s.n : size - 1), s.p ? (const char *)s.p : "");
}

void kinesis_error_set(struct kinesis_error *out, struct slice code, struct slice message)
{
    copy(out->code, sizeof out->code, code);
    copy(out->message, sizeof out->message, message);
}

/* "com.amazonaws.kinesis.v20131202#X" and "X:http://…" are X. */
static void read_error(struct kinesis_error *out, int status, struct slice body)
{
    json_t *root = parse(body);
    struct slice code = member(root, "__type");
    struct slice message = member(root, "message");

    if (message.n == 0)
        message = member(root, "Message");
    const unsigned char *hash = code.n ? memchr(code.p, '#', code.n) : NULL;
    if (hash)
        code = slice_of(hash + 1, code.n - (size_t)(hash + 1 - code.p));
    const unsigned char *colon = code.n ? memchr(code.p, ':', code.n) : NULL;
    if (colon)
        code.n = (size_t)(colon - code.p);
    kinesis_error_set(out, code, message);
    if (code.n == 0)
        snprintf(out->code, sizeof out->code, "HTTP status %d", status);
    json_decref(root);
}

enum kinesis_verdict kinesis_judge(struct kinesis_error *out, int status, struct slice body)
{
    /* By the start of the code: services add "Exception" to it, or don't. */
    static const struct {
        const char *code;
        enum kinesis_verdict verdict;
    } known[] = {
        {"ExpiredToken", KINESIS_CREDENTIALS},
        {"UnrecognizedClient", KINESIS_CREDENTIALS},
        {"InvalidClientTokenId", KINESIS_CREDENTIALS},
        {"RequestTimeTooSkewed", KINESIS_CLOCK},
        {"RequestExpired", KINESIS_CLOCK},
        {"AccessDenied", KINESIS_FATAL},
        {"ResourceNotFound", KINESIS_FATAL},
        {"InvalidArgument", KINESIS_FATAL},
        {"Validation", KINESIS_FATAL},
        {"InvalidSignature", KINESIS_FATAL},
        {"IncompleteSignature", KINESIS_FATAL},
        {"MissingAuthenticationToken", KINESIS_FATAL},
        {"Serialization", KINESIS_FATAL},
        {"UnknownOperation", KINESIS_FATAL},
    };

    if (status == 200)
        return KINESIS_OK;
    read_error(out, status, body);
    if (status >= 500)
        return KINESIS_RETRY;
    if (strstr(out->message, "Signature expired") || strstr(out->message, "not yet current"))
        return KINESIS_CLOCK;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strncmp(out->code, known[i].code, strlen(known[i].code)) == 0)
            return known[i].verdict;
    /* The slot holds the position, so the unknown is tried again rather than given up. */
    return KINESIS_RETRY;
}

void kinesis_put_describe(struct buf *b, struct slice stream)
{
    buf_puts(b, "{\"StreamName\":");
    json_put_string(b, stream);
    buf_putc(b, '}');
}

int kinesis_read_describe(struct kinesis_stream *out, struct slice body)
{
    json_t *root = parse(body);
    const json_t *summary = json_object_get(root, "StreamDescriptionSummary");
    struct slice status = member(summary, "StreamStatus");
    json_int_t kib = json_integer_value(json_object_get(summary, "MaxRecordSizeInKiB"));

    out->status = slice_eq(status, SLICE_LIT("CREATING"))   ? STREAM_NOT_YET
                  : slice_eq(status, SLICE_LIT("DELETING")) ? STREAM_GOING
                                                            : STREAM_READY;
    /* The ceiling is far over the service's own; it keeps the sizes computed from it sane. */
    out->record_max =
        kib > 0 && kib <= 64 * 1024 ? (size_t)kib * 1024 : (size_t)KINESIS_RECORD_DEFAULT;
    bool whole = json_is_object(summary);
    json_decref(root);
    return whole ? 0 : -1;
}

void kinesis_put_list(struct buf *b, struct slice stream, struct slice token, bool filter)
{
    if (token.n) {
        buf_puts(b, "{\"NextToken\":");
        json_put_string(b, token);
    } else {
        buf_puts(b, "{\"StreamName\":");
        json_put_string(b, stream);
        if (filter)
            buf_puts(b, ",\"ShardFilter\":{\"Type\":\"AT_LATEST\"}");
    }
    buf_putc(b, '}');
}

int kinesis_read_list(struct shard_map *m, struct buf *token, struct slice body, struct err *e)
{
    json_t *root = parse(body);
    const json_t *shards = json_object_get(root, "Shards");
    int status = 0;

    if (!json_is_array(shards))
        status = err_set(e, ERR_SINK, "ListShards: not an answer");
    for (size_t i = 0; status == 0 && i < json_array_size(shards); i++) {
        const json_t *shard = json_array_get(shards, i);
        const json_t *range = json_object_get(shard, "HashKeyRange");
        const json_t *numbers = json_object_get(shard, "SequenceNumberRange");
        /* Closed shards are listed, too, by who doesn't know the filter. */
        if (json_is_string(json_object_get(numbers, "EndingSequenceNumber")))
            continue;
        status = shard_map_add(m, member(shard, "ShardId"), member(range, "StartingHashKey"),
                               member(range, "EndingHashKey"), e);
    }
    buf_clear(token);
    buf_put_slice(token, member(root, "NextToken"));
    json_decref(root);
    return status;
}

void kinesis_put_begin(struct buf *b, struct slice stream)
{
    buf_puts(b, "{\"StreamName\":");
    json_put_string(b, stream);
    buf_puts(b, ",\"Records\":[");
}

void kinesis_put_record(struct buf *b, struct slice data, struct slice key, struct slice hash_key,
                        bool first)
{
    buf_puts(b, first ? "{\"Data\":\"" : ",{\"Data\":\"");
    base64_put(b, data);
    buf_puts(b, "\",\"PartitionKey\":");
    json_put_string(b, key);
    if (hash_key.n) {
        buf_puts(b, ",\"ExplicitHashKey\":");
        json_put_string(b, hash_key);
    }
    buf_putc(b, '}');
}

void kinesis_put_end(struct buf *b)
{
    buf_puts(b, "]}");
}

int kinesis_read_put(struct kinesis_put_answer *out, struct slice body, size_t n)
{
    out->root = parse(body);
    out->records = json_object_get(out->root, "Records");
    if (json_is_array((json_t *)out->records) && json_array_size(out->records) == n)
        return 0;
    kinesis_put_answer_free(out);
    return -1;
}

struct kinesis_outcome kinesis_put_outcome(const struct kinesis_put_answer *a, size_t i)
{
    const json_t *record = json_array_get(a->records, i);
    const json_t *code = json_object_get(record, "ErrorCode");
    struct kinesis_outcome o = {
        .shard = member(record, "ShardId"),
        .code = member(record, "ErrorCode"),
        .message = member(record, "ErrorMessage"),
    };

    /* Stored is what says so: no error, and a place in a shard. */
    o.stored =
        (!code || json_is_null(code)) && o.shard.n > 0 && member(record, "SequenceNumber").n > 0;
    if (!o.stored && o.code.n == 0)
        o.code = SLICE_LIT("no ErrorCode and no SequenceNumber");
    return o;
}

void kinesis_put_answer_free(struct kinesis_put_answer *a)
{
    json_decref(a->root);
    a->root = NULL;
    a->records = NULL;
}
