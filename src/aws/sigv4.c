/* sigv4.c - AWS Signature Version 4. */
#include "aws/sigv4.h"

#include <assert.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { HASH = 32, CANONICAL_MAX = 1 << 20, SCOPE_MAX = 512 };

static bool is_blank(unsigned char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static char lower(unsigned char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

static bool is_unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void put_hex(char out[SIGV4_HEX], const unsigned char hash[HASH])
{
    static const char digit[] = "0123456789abcdef";

    for (size_t i = 0; i < HASH; i++) {
        out[2 * i] = digit[hash[i] >> 4];
        out[2 * i + 1] = digit[hash[i] & 15];
    }
    out[SIGV4_HEX - 1] = 0;
}

void sigv4_hash(char out[SIGV4_HEX], struct slice bytes)
{
    unsigned char hash[HASH] = {0};

    EVP_Digest(bytes.n ? (const void *)bytes.p : "", bytes.n, hash, NULL, EVP_sha256(), NULL);
    put_hex(out, hash);
}

void sigv4_date(char out[SIGV4_DATE], int64_t time)
{
    time_t t = (time_t)time;
    struct tm tm = {0};

    gmtime_r(&t, &tm);
    if (strftime(out, SIGV4_DATE, "%Y%m%dT%H%M%SZ", &tm) == 0)
        out[0] = 0; /* beyond the year 9999 */
}

void sigv4_put_encoded(struct buf *out, struct slice s, bool keep_slash)
{
    static const char digit[] = "0123456789ABCDEF";

    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = s.p[i];
        if (is_unreserved(c) || (c == '/' && keep_slash)) {
            buf_putc(out, (char)c);
        } else {
            char text[3] = {'%', digit[c >> 4], digit[c & 15]};
            buf_put(out, text, sizeof text);
        }
    }
}

/* Takes out empty and "." segments and resolves ".."; a slash at the end stays. */
static void put_normal_path(struct buf *out, struct slice path)
{
    size_t start = out->n;

    for (size_t i = 0; i < path.n;) {
        const unsigned char *slash = memchr(path.p + i, '/', path.n - i);
        size_t end = slash ? (size_t)(slash - path.p) : path.n;
        struct slice segment = slice_of(path.p + i, end - i);
        i = end + 1;
        if (segment.n == 0 || slice_eq(segment, SLICE_LIT(".")))
            continue;
        if (slice_eq(segment, SLICE_LIT(".."))) {
            while (out->n > start && out->p[out->n - 1] != '/')
                out->n--;
            if (out->n > start)
                out->n--;
            continue;
        }
        buf_putc(out, '/');
        sigv4_put_encoded(out, segment, false);
    }
    if (out->n == start || (path.n && path.p[path.n - 1] == '/'))
        buf_putc(out, '/');
}

static void put_path(struct buf *out, const struct sigv4_request *q)
{
    if (q->path.n == 0)
        buf_putc(out, '/');
    else if (q->keep_path)
        sigv4_put_encoded(out, q->path, true);
    else
        put_normal_path(out, q->path);
}

static int hex_value(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (unsigned char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One name or value of the query: its %XX decoded, then encoded the canonical way. */
static void put_query_part(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = s.p[i];
        if (c == '%' && s.n - i > 2 && hex_value(s.p[i + 1]) >= 0 && hex_value(s.p[i + 2]) >= 0) {
            c = (unsigned char)(hex_value(s.p[i + 1]) << 4 | hex_value(s.p[i + 2]));
            i += 2;
        }
        sigv4_put_encoded(out, slice_of(&c, 1), false);
    }
}

struct span {
    size_t at, name, len; /* "name=value" in a scratch buffer, name bytes before the '=' */
};

static int compare_bytes(const unsigned char *a, size_t an, const unsigned char *b, size_t bn)
{
    int order = memcmp(a, b, an < bn ? an : bn);

    return order ? order : an < bn ? -1 : an > bn;
}

/* By name, then by value. */
static int compare_params(const unsigned char *text, const struct span *a, const struct span *b)
{
    int order = compare_bytes(text + a->at, a->name, text + b->at, b->name);

    return order ? order : compare_bytes(text + a->at, a->len, text + b->at, b->len);
}

/* The query's parameters in their canonical encoding into text; their number, -1: too many. */
static int split_query(struct span param[SIGV4_FIELDS], struct buf *text, struct slice query)
{
    int n = 0;

    for (size_t i = 0; i < query.n;) {
        const unsigned char *amp = memchr(query.p + i, '&', query.n - i);
        size_t end = amp ? (size_t)(amp - query.p) : query.n;
        struct slice part = slice_of(query.p + i, end - i);
        i = end + 1;
        if (part.n == 0)
            continue;
        if (n == SIGV4_FIELDS)
            return -1;
        const unsigned char *is = memchr(part.p, '=', part.n);
        size_t name = is ? (size_t)(is - part.p) : part.n;
        struct span *p = &param[n++];
        p->at = text->n;
        put_query_part(text, slice_of(part.p, name));
        p->name = text->n - p->at;
        buf_putc(text, '=');
        if (is)
            put_query_part(text, slice_of(is + 1, part.n - name - 1));
        p->len = text->n - p->at;
    }
    return text->failed ? -1 : n;
}

static int put_query(struct buf *out, struct slice query)
{
    struct span param[SIGV4_FIELDS];
    struct buf text;

    buf_init(&text, CANONICAL_MAX);
    int n = split_query(param, &text, query);
    for (int i = 1; i < n; i++)
        for (int k = i; k > 0 && compare_params(text.p, &param[k - 1], &param[k]) > 0; k--) {
            struct span swap = param[k];
            param[k] = param[k - 1];
            param[k - 1] = swap;
        }
    for (int i = 0; i < n; i++) {
        if (i)
            buf_putc(out, '&');
        buf_put(out, text.p + param[i].at, param[i].len);
    }
    buf_free(&text);
    return n < 0 ? -1 : 0;
}

static int compare_names(struct slice a, struct slice b)
{
    for (size_t i = 0; i < a.n && i < b.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return lower(a.p[i]) < lower(b.p[i]) ? -1 : 1;
    return a.n < b.n ? -1 : a.n > b.n;
}

static void put_lower(struct buf *out, struct slice s)
{
    for (size_t i = 0; i < s.n; i++)
        buf_putc(out, lower(s.p[i]));
}

/* Without blanks at the ends; a run of blanks, a folded line's too, is one space. */
static void put_trimmed(struct buf *out, struct slice s)
{
    bool gap = false;
    bool any = false;

    for (size_t i = 0; i < s.n; i++) {
        if (is_blank(s.p[i])) {
            gap = any;
            continue;
        }
        if (gap)
            buf_putc(out, ' ');
        buf_putc(out, (char)s.p[i]);
        any = true;
        gap = false;
    }
}

/* Sorted by name; headers of one name joined with ',' in the order given. */
static void put_headers(struct buf *out, struct buf *names, struct sigv4_header *h, size_t n)
{
    for (size_t i = 1; i < n; i++)
        for (size_t k = i; k > 0 && compare_names(h[k - 1].name, h[k].name) > 0; k--) {
            struct sigv4_header swap = h[k];
            h[k] = h[k - 1];
            h[k - 1] = swap;
        }
    for (size_t i = 0; i < n; i++) {
        if (i && compare_names(h[i - 1].name, h[i].name) == 0) {
            buf_putc(out, ',');
        } else {
            if (i) {
                buf_putc(out, '\n');
                buf_putc(names, ';');
            }
            put_lower(names, h[i].name);
            put_lower(out, h[i].name);
            buf_putc(out, ':');
        }
        put_trimmed(out, h[i].value);
    }
    buf_putc(out, '\n');
}

int sigv4_canonical(struct buf *out, struct buf *signed_names, const struct sigv4_request *q,
                    struct slice token, const struct sigv4_signature *sig)
{
    struct sigv4_header h[SIGV4_FIELDS];
    size_t n = q->headers;

    if (n > SIGV4_FIELDS - 3)
        return -1;
    if (n)
        memcpy(h, q->header, n * sizeof *h);
    h[n++] = (struct sigv4_header){SLICE_LIT("x-amz-date"), slice_str(sig->date)};
    if (token.n)
        h[n++] = (struct sigv4_header){SLICE_LIT("x-amz-security-token"), token};
    if (q->payload != SIGV4_BODY)
        h[n++] = (struct sigv4_header){SLICE_LIT("x-amz-content-sha256"), slice_str(sig->payload)};

    buf_put_slice(out, q->method);
    buf_putc(out, '\n');
    put_path(out, q);
    buf_putc(out, '\n');
    if (put_query(out, q->query) < 0)
        return -1;
    buf_putc(out, '\n');
    size_t start = signed_names->n;
    put_headers(out, signed_names, h, n);
    buf_putc(out, '\n');
    buf_put(out, signed_names->p + start, signed_names->n - start);
    buf_putc(out, '\n');
    buf_puts(out, sig->payload);
    return out->failed || signed_names->failed ? -1 : 0;
}

void sigv4_put_scope(struct buf *out, const char *date, const struct sigv4_scope *s)
{
    buf_put(out, date, strlen(date) < 8 ? strlen(date) : 8);
    buf_putc(out, '/');
    buf_put_slice(out, s->region);
    buf_putc(out, '/');
    buf_put_slice(out, s->service);
    buf_puts(out, "/aws4_request");
}

static void hmac(unsigned char out[HASH], const void *key, size_t key_n, struct slice data)
{
    /* data may lie in out: the key's chain is computed in place. */
    unsigned char hash[HASH] = {0};

    HMAC(EVP_sha256(), key, (int)key_n, data.p, data.n, hash, NULL);
    memcpy(out, hash, HASH);
    OPENSSL_cleanse(hash, sizeof hash);
}

void sigv4_signature_of(char out[SIGV4_HEX], struct slice canonical, const char *date,
                        const struct sigv4_keys *k, const struct sigv4_scope *s)
{
    unsigned char key[HASH];
    char hash[SIGV4_HEX];
    struct buf text;

    buf_init(&text, SCOPE_MAX + k->secret.n);
    buf_puts(&text, "AWS4");
    buf_put_slice(&text, k->secret);
    hmac(key, text.p, text.n, slice_of(date, strlen(date) < 8 ? strlen(date) : 8));
    hmac(key, key, HASH, s->region);
    hmac(key, key, HASH, s->service);
    hmac(key, key, HASH, SLICE_LIT("aws4_request"));
    if (text.cap)
        OPENSSL_cleanse(text.p, text.cap);

    buf_clear(&text);
    buf_puts(&text, "AWS4-HMAC-SHA256\n");
    buf_puts(&text, date);
    buf_putc(&text, '\n');
    sigv4_put_scope(&text, date, s);
    buf_putc(&text, '\n');
    sigv4_hash(hash, canonical);
    buf_puts(&text, hash);
    hmac(key, key, HASH, buf_slice(&text));
    put_hex(out, key);
    OPENSSL_cleanse(key, sizeof key);
    buf_free(&text);
}

int sigv4_sign(struct sigv4_signature *out, const struct sigv4_request *q,
               const struct sigv4_keys *k, const struct sigv4_scope *s, struct err *e)
{
    struct buf canonical, names;
    char signature[SIGV4_HEX];
    int status = -1;

    buf_init(&canonical, CANONICAL_MAX);
    buf_init(&names, CANONICAL_MAX);
    sigv4_date(out->date, s->time);
    if (q->payload == SIGV4_UNSIGNED_BODY)
        memcpy(out->payload, "UNSIGNED-PAYLOAD", sizeof "UNSIGNED-PAYLOAD");
    else
        sigv4_hash(out->payload, q->body);
    if (sigv4_canonical(&canonical, &names, q, k->token, out) < 0) {
        err_set(e, ERR_SYSTEM, "a request to %.*s is too large to sign", (int)s->service.n,
                (const char *)s->service.p);
        goto out;
    }
    sigv4_signature_of(signature, buf_slice(&canonical), out->date, k, s);

    struct buf *a = &out->authorization;
    buf_clear(a);
    buf_puts(a, "AWS4-HMAC-SHA256 Credential=");
    buf_put_slice(a, k->id);
    buf_putc(a, '/');
    sigv4_put_scope(a, out->date, s);
    buf_puts(a, ", SignedHeaders=");
    buf_put_slice(a, buf_slice(&names));
    buf_puts(a, ", Signature=");
    buf_puts(a, signature);
    if (a->failed)
        err_set(e, ERR_SYSTEM, "no room for a signature");
    else
        status = 0;
out:
    buf_free(&canonical);
    buf_free(&names);
    return status;
}
