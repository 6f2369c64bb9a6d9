/* http.c - HTTP requests that don't block: a small pool over libcurl's multi interface. */
#include "aws/http.h"

#include <assert.h>
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

enum {
    EVENTS = 16,
    BODY_KEEP = 65536, /* memory an idle slot may hold on to */
    HEADER_LINE_MAX = 16384,
};

enum slot_state { SLOT_FREE, SLOT_FLYING, SLOT_DONE, SLOT_TAKEN };

struct slot {
    enum slot_state state;
    CURL *easy;
    struct curl_slist *header;
    struct buf body;
    void *tag;
    int64_t date;
    CURLcode result;
    bool too_large;
    char error[CURL_ERROR_SIZE];
};

/* curl tells which sockets it waits for; they live in one epoll set, the loop sees only that. */
struct http {
    CURLM *multi;
    int epoll;
    int64_t timer_ms; /* when curl wants to be called anyhow */
    unsigned slots;
    unsigned flying;
    struct slot slot[];
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *http, void *known)
{
    struct http *h = http;
    struct epoll_event ev = {.data.fd = fd};

    (void)easy;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(h->epoll, EPOLL_CTL_DEL, fd, &ev);
        return 0;
    }
    ev.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    int op = known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    int other = known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD; /* a descriptor's number came back */
    if (epoll_ctl(h->epoll, op, fd, &ev) < 0 && epoll_ctl(h->epoll, other, fd, &ev) < 0)
        return -1;
    curl_multi_assign(h->multi, fd, h); /* anything not NULL: it is in the set */
    return 0;
}

static int on_timer(CURLM *multi, long timeout_ms, void *http)
{
    struct http *h = http;

    (void)multi;
    h->timer_ms = timeout_ms < 0 ? INT64_MAX : clock_mono_ms() + timeout_ms;
    return 0;
}

static size_t on_body(char *p, size_t size, size_t n, void *slot)
{
    struct slot *s = slot;

    buf_put(&s->body, p, size * n);
    if (!s->body.failed)
        return size * n;
    s->too_large = true;
    return 0;
}

static size_t on_header(char *p, size_t size, size_t n, void *slot)
{
    struct slot *s = slot;
    size_t len = size * n;
    char value[64];

    if (len > 5 && strncasecmp(p, "date:", 5) == 0 && len - 5 < sizeof value) {
        memcpy(value, p + 5, len - 5);
        value[len - 5] = 0;
        time_t t = curl_getdate(value, NULL);
        s->date = t > 0 ? (int64_t)t : 0;
    }
    return len;
}

int http_open(struct http **out, unsigned slots, size_t body_max, struct err *e)
{
    struct http *h = calloc(1, sizeof *h + slots * sizeof *h->slot);

    if (!h)
        return err_sys(e, "http");
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        free(h);
        return err_set(e, ERR_SYSTEM, "libcurl can't be initialised");
    }
    h->timer_ms = INT64_MAX;
    h->slots = slots;
    for (unsigned i = 0; i < slots; i++)
        buf_init(&h->slot[i].body, body_max);
    h->epoll = epoll_create1(EPOLL_CLOEXEC);
    h->multi = curl_multi_init();
    bool made = h->epoll >= 0 && h->multi;
    for (unsigned i = 0; i < slots && made; i++)
        made = (h->slot[i].easy = curl_easy_init()) != NULL;
    if (!made) {
        err_sys(e, "http");
        http_close(h);
        return -1;
    }
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
    curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, (long)slots);
    *out = h;
    return 0;
}

/* The caller's headers, and none that curl would add by itself. */
static int set_headers(struct slot *s, const struct http_request *q)
{
    struct buf line;
    struct curl_slist *more = curl_slist_append(NULL, "Expect:");

    s->header = more;
    buf_init(&line, HEADER_LINE_MAX);
    for (size_t i = 0; i < q->headers && more; i++) {
        buf_clear(&line);
        buf_puts(&line, q->header[i].name);
        buf_puts(&line, ": ");
        buf_puts(&line, q->header[i].value);
        const char *text = buf_cstr(&line);
        more = line.failed ? NULL : curl_slist_append(s->header, text);
    }
    buf_free(&line);
    return more ? 0 : -1;
}

static void set_options(struct slot *s, const struct http_request *q)
{
    CURL *c = s->easy;
    bool get = strcmp(q->method, "GET") == 0;

    curl_easy_reset(c);
    curl_easy_setopt(c, CURLOPT_URL, q->url);
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "walferry");
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)q->connect_ms);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)q->total_ms);
    curl_easy_setopt(c, CURLOPT_ERRORBUFFER, s->error);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, s->header);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, s);
    curl_easy_setopt(c, CURLOPT_PRIVATE, s);
    if (get)
        return;
    curl_easy_setopt(c, CURLOPT_POST, 1L);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body.n);
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body.n ? (const char *)q->body.p : "");
    if (strcmp(q->method, "POST") != 0)
        curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
}

static void recycle(struct slot *s)
{
    curl_slist_free_all(s->header);
    s->header = NULL;
    buf_clear(&s->body);
    if (s->body.cap > BODY_KEEP)
        buf_free(&s->body);
    s->state = SLOT_FREE;
}

/* The answer taken last isn't looked at any more. */
static void recycle_taken(struct http *h)
{
    for (unsigned i = 0; i < h->slots; i++)
        if (h->slot[i].state == SLOT_TAKEN)
            recycle(&h->slot[i]);
}

/* Collects what curl has finished. */
static void collect(struct http *h)
{
    CURLMsg *msg;
    int left;

    while ((msg = curl_multi_info_read(h->multi, &left))) {
        char *private = NULL;
        if (msg->msg != CURLMSG_DONE)
            continue;
        CURL *easy = msg->easy_handle;
        CURLcode result = msg->data.result;
        curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        struct slot *s = (struct slot *)(void *)private;
        s->result = result;
        s->state = SLOT_DONE;
        curl_multi_remove_handle(h->multi, easy);
        h->flying--;
    }
}

int http_start(struct http *h, const struct http_request *q, struct err *e)
{
    struct slot *s = NULL;
    int running;

    recycle_taken(h);
    for (unsigned i = 0; i < h->slots && !s; i++)
        if (h->slot[i].state == SLOT_FREE)
            s = &h->slot[i];
    if (!s)
        return 0;
    s->tag = q->tag;
    s->date = 0;
    s->too_large = false;
    s->error[0] = 0;
    if (set_headers(s, q) < 0) {
        recycle(s);
        return err_set(e, ERR_SYSTEM, "%s: no room for the request's headers", q->url);
    }
    set_options(s, q);
    CURLMcode code = curl_multi_add_handle(h->multi, s->easy);
    if (code != CURLM_OK) {
        recycle(s);
        return err_set(e, ERR_SYSTEM, "%s: %s", q->url, curl_multi_strerror(code));
    }
    s->state = SLOT_FLYING;
    h->flying++;
    curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    collect(h);
    return 1;
}

void http_step(struct http *h, int64_t now_ms)
{
    struct epoll_event ev[EVENTS];
    int running;

    if (h->flying == 0)
        return;
    int n = epoll_wait(h->epoll, ev, EVENTS, 0);
    for (int i = 0; i < n; i++) {
        int mask = (ev[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                   (ev[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                   (ev[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(h->multi, ev[i].data.fd, mask, &running);
    }
    if (h->timer_ms <= now_ms) {
        h->timer_ms = INT64_MAX;
        curl_multi_socket_action(h->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    }
    collect(h);
}

static void fill_answer(struct http_answer *out, struct slot *s)
{
    long status = 0;

    *out = (struct http_answer){.tag = s->tag, .date = s->date};
    if (s->result == CURLE_OK) {
        curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
        out->status = (int)status;
        out->body = buf_slice(&s->body);
    }
    if (out->status == 0)
        out->error = s->too_large  ? "the answer is too large"
                     : s->error[0] ? s->error
                                   : curl_easy_strerror(s->result);
}

bool http_next(struct http *h, struct http_answer *out)
{
    recycle_taken(h);
    for (unsigned i = 0; i < h->slots; i++) {
        struct slot *s = &h->slot[i];
        if (s->state != SLOT_DONE)
            continue;
        s->state = SLOT_TAKEN;
        fill_answer(out, s);
        return true;
    }
    return false;
}

void http_watch(const struct http *h, struct watch *w)
{
    bool done = false;

    for (unsigned i = 0; i < h->slots; i++)
        done = done || h->slot[i].state == SLOT_DONE;
    if (done)
        watch_until(w, 0);
    if (h->flying == 0)
        return;
    watch_fd(w, h->epoll, POLLIN);
    watch_until(w, h->timer_ms);
}

void http_close(struct http *h)
{
    if (!h)
        return;
    for (unsigned i = 0; i < h->slots; i++) {
        struct slot *s = &h->slot[i];
        if (s->state == SLOT_FLYING)
            curl_multi_remove_handle(h->multi, s->easy);
        curl_easy_cleanup(s->easy);
        curl_slist_free_all(s->header);
        buf_free(&s->body);
    }
    curl_multi_cleanup(h->multi);
    if (h->epoll >= 0)
        close(h->epoll);
    curl_global_cleanup();
    free(h);
}
