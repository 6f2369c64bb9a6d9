/* kinesis_client.c - calls Kinesis: signs, sends, and mends keys and clock on the way. */
#include "sink/kinesis_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws/sigv4.h"
#include "base/clock.h"
#include "base/log.h"

enum {
    ANSWER_MAX = 8 << 20, /* 500 outcomes are 60 KB, a page of 10,000 shards 3 MB */
    AUTHORIZATION_MAX = 4096,
    TOKEN_MAX = 16384,
    CONNECT_MS = 10000,
    TOTAL_MS = 60000,
    CLOCK_TOLD = 60, /* seconds by which a correction must differ to be worth a line */
};

#define CONTENT_TYPE "application/x-amz-json-1.1"

int kinesis_client_open(struct kinesis_client *c, const struct sink_config *config, unsigned calls,
                        struct err *e)
{
    *c = (struct kinesis_client){0};
    if (endpoint_region(c->region, config->region, e) < 0 ||
        endpoint_find(&c->endpoint, "kinesis", c->region, config->endpoint_url, e) < 0 ||
        credentials_find(&c->credentials, e) < 0 || http_open(&c->http, calls, ANSWER_MAX, e) < 0) {
        kinesis_client_close(c);
        return -1;
    }
    return 0;
}

void kinesis_client_close(struct kinesis_client *c)
{
    http_close(c->http);
    credentials_free(c->credentials);
    *c = (struct kinesis_client){0};
}

/* The request's own headers, signed; sig holds the ones to add. */
static int sign(struct sigv4_signature *sig, const struct kinesis_client *c, const char *target,
                struct slice body, const struct sigv4_keys *keys, struct err *e)
{
    const struct sigv4_header header[] = {
        {SLICE_LIT("content-type"), SLICE_LIT(CONTENT_TYPE)},
        {SLICE_LIT("host"), slice_str(c->endpoint.host)},
        {SLICE_LIT("x-amz-target"), slice_str(target)},
    };
    const struct sigv4_request q = {
        .method = SLICE_LIT("POST"),
        .path = slice_str(c->endpoint.path),
        .header = header,
        .headers = sizeof header / sizeof *header,
        .body = body,
    };
    const struct sigv4_scope scope = {
        .time = (int64_t)clock_wall().tv_sec + c->clock_ahead,
        .region = slice_str(c->region),
        .service = SLICE_LIT("kinesis"),
    };

    return sigv4_sign(sig, &q, keys, &scope, e);
}

int kinesis_client_start(struct kinesis_client *c, const char *operation, struct slice body,
                         void *tag, struct err *e)
{
    char target[64];
    char token[TOKEN_MAX];
    struct sigv4_keys keys = credentials_keys(c->credentials);
    struct sigv4_signature sig;

    snprintf(target, sizeof target, "Kinesis_20131202.%s", operation);
    snprintf(token, sizeof token, "%.*s", (int)keys.token.n,
             keys.token.n ? (const char *)keys.token.p : "");
    buf_init(&sig.authorization, AUTHORIZATION_MAX);
    int status = sign(&sig, c, target, body, &keys, e);
    if (status == 0) {
        const struct http_header header[] = {
            {"Host", c->endpoint.host},
            {"Content-Type", CONTENT_TYPE},
            {"X-Amz-Target", target},
            {"X-Amz-Date", sig.date},
            {"Authorization", buf_cstr(&sig.authorization)},
            {"X-Amz-Security-Token", token},
        };
        const struct http_request q = {
            .method = "POST",
            .url = c->endpoint.url,
            .header = header,
            .headers = sizeof header / sizeof *header - (keys.token.n ? 0 : 1),
            .body = body,
            .connect_ms = CONNECT_MS,
            .total_ms = TOTAL_MS,
            .tag = tag,
        };
        status = http_start(c->http, &q, e);
    }
    buf_free(&sig.authorization);
    return status;
}

void kinesis_client_step(struct kinesis_client *c, int64_t now_ms)
{
    http_step(c->http, now_ms);
}

static void reload_credentials(struct kinesis_client *c, const char *why)
{
    struct err e;

    if (credentials_reload(c->credentials, &e) < 0)
        log_warn("credentials can't be read again", LSTR("why", why), LSTR("error", e.text));
    else
        log_debug("credentials read again", LSTR("why", why),
                  LSTR("source", credentials_source(c->credentials)));
}

static void correct_clock(struct kinesis_client *c, int64_t date)
{
    int64_t ahead = date - (int64_t)clock_wall().tv_sec;

    if (date == 0)
        return;
    bool told = llabs(ahead - c->clock_ahead) < CLOCK_TOLD;
    c->clock_ahead = ahead;
    if (!told)
        log_warn("this host's clock is off: signing with the service's",
                 LINT("seconds_ahead", c->clock_ahead));
}

bool kinesis_client_next(struct kinesis_client *c, struct kinesis_reply *out)
{
    struct http_answer a;

    if (!http_next(c->http, &a))
        return false;
    *out = (struct kinesis_reply){.tag = a.tag, .body = a.body};
    if (a.status == 0) {
        out->verdict = KINESIS_RETRY;
        kinesis_error_set(&out->error, SLICE_LIT("no answer"), slice_str(a.error));
        return true;
    }
    out->verdict = kinesis_judge(&out->error, a.status, a.body);
    switch (out->verdict) {
    case KINESIS_CREDENTIALS:
        reload_credentials(c, out->error.code);
        out->verdict = KINESIS_RETRY;
        break;
    case KINESIS_CLOCK:
        correct_clock(c, a.date);
        out->verdict = KINESIS_RETRY;
        break;
    case KINESIS_OK:
    case KINESIS_RETRY:
    case KINESIS_FATAL:
        break;
    }
    return true;
}

void kinesis_client_watch(const struct kinesis_client *c, struct watch *w)
{
    http_watch(c->http, w);
}
