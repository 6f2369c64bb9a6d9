/* kinesis_api.h - Kinesis' messages: requests written, answers read, errors judged. Pure. */
#ifndef WALFERRY_SINK_KINESIS_API_H
#define WALFERRY_SINK_KINESIS_API_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"
#include "sink/shard_map.h"

enum {
    KINESIS_RECORDS = 500, /* most records of one PutRecords */
    KINESIS_RECORD_DEFAULT =
        1 << 20 /* bytes of data and partition key, unless a stream says more */
};

/* What an answer asks of the caller. */
enum kinesis_verdict {
    KINESIS_OK,
    KINESIS_RETRY,       /* trouble that passes */
    KINESIS_CREDENTIALS, /* the keys have expired: look for new ones, retry */
    KINESIS_CLOCK,       /* our clock is off: take the answer's Date, retry */
    KINESIS_FATAL,       /* no retry will help */
};

struct kinesis_error {
    char code[80];
    char message[800];
};

/* Judges an answer by its HTTP status and body. *out is filled unless it is KINESIS_OK. */
enum kinesis_verdict kinesis_judge(struct kinesis_error *out, int status, struct slice body);
void kinesis_error_set(struct kinesis_error *out, struct slice code, struct slice message);

void kinesis_put_describe(struct buf *b, struct slice stream);
enum kinesis_status { STREAM_READY, STREAM_NOT_YET, STREAM_GOING };
struct kinesis_stream {
    enum kinesis_status status;
    size_t record_max; /* bytes of data and partition key */
};
/* 0, or -1 when the answer isn't one. */
int kinesis_read_describe(struct kinesis_stream *out, struct slice body);

/* token: of the page before, empty for the first; then neither stream nor filter may be named. */
void kinesis_put_list(struct buf *b, struct slice stream, struct slice token, bool filter);
/* Adds the page's open shards to m; token gets the next page's, or nothing. 0 or -1. */
int kinesis_read_list(struct shard_map *m, struct buf *token, struct slice body, struct err *e);

/* A PutRecords body: begin, record after record, end. hash_key may be empty. */
void kinesis_put_begin(struct buf *b, struct slice stream);
void kinesis_put_record(struct buf *b, struct slice data, struct slice key, struct slice hash_key,
                        bool first);
void kinesis_put_end(struct buf *b);

struct kinesis_put_answer {
    void *root; /* the parsed JSON */
    void *records;
};
struct kinesis_outcome {
    bool stored;
    struct slice shard; /* when stored */
    struct slice code;  /* when not */
    struct slice message;
};
/* 0, or -1 when the answer isn't one to n records: then none counts as stored. */
int kinesis_read_put(struct kinesis_put_answer *out, struct slice body, size_t n);
/* What became of record i. The slices lie in *a. */
struct kinesis_outcome kinesis_put_outcome(const struct kinesis_put_answer *a, size_t i);
void kinesis_put_answer_free(struct kinesis_put_answer *a);

#endif
