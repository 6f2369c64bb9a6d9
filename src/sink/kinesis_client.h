/* kinesis_client.h - calls Kinesis: signs, sends, and mends keys and clock on the way. */
#ifndef WALFERRY_SINK_KINESIS_CLIENT_H
#define WALFERRY_SINK_KINESIS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/http.h"
#include "base/err.h"
#include "base/slice.h"
#include "base/watch.h"
#include "sink/kinesis_api.h"
#include "sink/sink.h"

struct kinesis_client {
    char region[REGION_MAX];
    struct endpoint endpoint;
    struct credentials *credentials;
    struct http *http;
    int64_t clock_ahead; /* seconds the service's clock is ahead of ours */
};

struct kinesis_reply {
    void *tag;
    enum kinesis_verdict verdict; /* OK, RETRY or FATAL: the client has seen to the others */
    struct slice body;            /* when OK; dies at the next _next or _start */
    struct kinesis_error error;   /* otherwise */
};

/* Finds region, endpoint and credentials; for up to `calls` at once. 0 or -1. */
int kinesis_client_open(struct kinesis_client *c, const struct sink_config *config, unsigned calls,
                        struct err *e);
void kinesis_client_close(struct kinesis_client *c);
/* operation: "PutRecords". The body is borrowed until the reply. 1 sent, 0 all busy, -1 error. */
int kinesis_client_start(struct kinesis_client *c, const char *operation, struct slice body,
                         void *tag, struct err *e);
void kinesis_client_step(struct kinesis_client *c, int64_t now_ms);
/* Takes a reply, false when none is ready. */
bool kinesis_client_next(struct kinesis_client *c, struct kinesis_reply *out);
void kinesis_client_watch(const struct kinesis_client *c, struct watch *w);

#endif
