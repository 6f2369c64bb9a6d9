/* http.h - HTTP requests that don't block: a small pool over libcurl, stepped by the one loop. */
#ifndef WALFERRY_AWS_HTTP_H
#define WALFERRY_AWS_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/watch.h"

struct http;

struct http_header {
    const char *name;
    const char *value;
};

struct http_request {
    const char *method; /* "GET", "POST", "PUT" */
    const char *url;
    const struct http_header *header; /* Host and Content-Type are the caller's; copied */
    size_t headers;
    struct slice body; /* borrowed until the answer has been taken */
    int connect_ms;    /* time to connect, name look-up and TLS included */
    int total_ms;      /* time for all of it */
    void *tag;         /* the caller's; comes back with the answer */
};

struct http_answer {
    void *tag;
    int status;        /* of HTTP; 0: no whole answer came */
    const char *error; /* why not, when status is 0 */
    struct slice body; /* undecoded; complete when status isn't 0 */
    int64_t date;      /* its Date header, seconds since 1970; 0: none */
};

/*
 * Certificates are verified; proxies of the environment are used; redirects aren't followed. The
 * program ignores SIGPIPE: OpenSSL writes to connections that the other side may have closed.
 */

/* For up to `slots` requests at once, each answer at most `body_max` bytes. http_close frees. */
int http_open(struct http **out, unsigned slots, size_t body_max, struct err *e);
/* 1 it is on its way, 0 all slots are busy, -1 it can't be sent at all. */
int http_start(struct http *h, const struct http_request *q, struct err *e);
/* Does what can be done now: connects, sends, receives. Never waits. */
void http_step(struct http *h, int64_t now_ms);
/* Takes an answer, false when none is ready. It dies at the next http_next or http_start. */
bool http_next(struct http *h, struct http_answer *out);
void http_watch(const struct http *h, struct watch *w);
/* Gives up what is on its way. */
void http_close(struct http *h);

#endif
