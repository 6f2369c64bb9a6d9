/* sigv4.h - AWS Signature Version 4: a pure function of request, keys, time and scope. */
#ifndef WALFERRY_AWS_SIGV4_H
#define WALFERRY_AWS_SIGV4_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/slice.h"

enum {
    SIGV4_DATE = 17,   /* "20150830T123600Z" and NUL */
    SIGV4_HEX = 65,    /* a SHA-256 in hexadecimal and NUL */
    SIGV4_FIELDS = 64, /* most headers, and most query parameters, of a request */
};

/* What of the body is signed, and whether the header x-amz-content-sha256 says so. */
enum sigv4_payload {
    SIGV4_BODY,          /* its hash; no header */
    SIGV4_BODY_HEADER,   /* its hash; in the header, too */
    SIGV4_UNSIGNED_BODY, /* UNSIGNED-PAYLOAD; in the header, too */
};

struct sigv4_header {
    struct slice name;  /* any case */
    struct slice value; /* blanks at the ends and runs of blanks don't count */
};

struct sigv4_request {
    struct slice method;
    struct slice path;  /* as on the request line; what it has of %XX is encoded once more */
    struct slice query; /* as on the request line, without '?'; %XX is understood */
    /* Every header to be signed, "host" among them, but none of those sigv4_sign makes. */
    const struct sigv4_header *header;
    size_t headers;
    struct slice body;
    enum sigv4_payload payload;
    bool keep_path; /* don't take out "//", "/./" and "/../" */
};

struct sigv4_keys {
    struct slice id;
    struct slice secret;
    struct slice token; /* empty: none */
};

struct sigv4_scope {
    int64_t time; /* seconds since 1970 */
    struct slice region;
    struct slice service;
};

/*
 * The values of the headers to send besides the request's own: X-Amz-Date, Authorization,
 * X-Amz-Security-Token when there is a token, x-amz-content-sha256 when the payload wants it.
 */
struct sigv4_signature {
    char date[SIGV4_DATE];
    char payload[SIGV4_HEX];
    struct buf authorization; /* the caller has initialised it and frees it */
};

/* 0 or -1 (too many headers or parameters, no memory). */
int sigv4_sign(struct sigv4_signature *out, const struct sigv4_request *q,
               const struct sigv4_keys *k, const struct sigv4_scope *s, struct err *e);

/* The steps of it; tests compare them one by one, and a presigner will start from them. */

/* The canonical request. date and payload are those of *sig; `signed_names` gets "a;b;c". */
int sigv4_canonical(struct buf *out, struct buf *signed_names, const struct sigv4_request *q,
                    struct slice token, const struct sigv4_signature *sig);
void sigv4_date(char out[SIGV4_DATE], int64_t time);
void sigv4_hash(char out[SIGV4_HEX], struct slice bytes);
/* "20150830/us-east-1/service/aws4_request" */
void sigv4_put_scope(struct buf *out, const char *date, const struct sigv4_scope *s);
/* The signature of a canonical request. */
void sigv4_signature_of(char out[SIGV4_HEX], struct slice canonical, const char *date,
                        const struct sigv4_keys *k, const struct sigv4_scope *s);
/* Percent-encodes all but A-Z a-z 0-9 - . _ ~ and, when asked, '/'. */
void sigv4_put_encoded(struct buf *out, struct slice s, bool keep_slash);

#endif
