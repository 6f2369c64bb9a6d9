/* session.c - one connection to PostgreSQL that never blocks, with its settings pinned. */
#include "source/session.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"

enum { CONNECT_MS = 60000 };

/*
 * Everything that test_decoding's text depends on, and no time-outs: a peek may be long. Settings
 * that only some versions or builds have are set where they exist.
 */
static const char pin_sql[] =
    "SELECT set_config('search_path', '', false);"
    "SELECT set_config('client_encoding', CASE getdatabaseencoding() WHEN 'SQL_ASCII'"
    " THEN 'SQL_ASCII' ELSE 'UTF8' END, false);"
    "SET DateStyle = 'ISO, YMD';"
    "SET IntervalStyle = 'postgres';"
    "SET TimeZone = 'UTC';"
    "SET bytea_output = 'hex';"
    "SET extra_float_digits = 3;"
    "SET lc_monetary = 'C';"
    "SET quote_all_identifiers = off;"
    "SET statement_timeout = 0;"
    "SET lock_timeout = 0;"
    "SET idle_in_transaction_session_timeout = 0;"
    "SELECT set_config(name, CASE name WHEN 'jit' THEN 'off' ELSE '0' END, false) FROM pg_settings"
    " WHERE name IN ('jit', 'idle_session_timeout', 'transaction_timeout')";

/* libpq's message, which may be several lines, as one. */
static void put_line(char *out, size_t size, const char *message)
{
    size_t n = 0;

    while (*message && n + 3 < size) {
        if (*message != '\n') {
            out[n++] = *message++;
            continue;
        }
        message += strspn(message, "\n\t ");
        if (*message) {
            out[n++] = ';';
            out[n++] = ' ';
        }
    }
    out[n] = 0;
}

int session_check_dsn(const char *dsn, struct err *e)
{
    char line[512];
    char *why = NULL;

    if (!strchr(dsn, '=') && !strstr(dsn, "://"))
        return 0; /* a database's name, or nothing */
    PQconninfoOption *parsed = PQconninfoParse(dsn, &why);
    if (parsed) {
        PQconninfoFree(parsed);
        return 0;
    }
    put_line(line, sizeof line, why ? why : "out of memory");
    PQfreemem(why);
    /* libpq repeats the part that it can't read, which may be of a password. */
    char *quoted = strchr(line, '"');
    if (quoted && strncmp(quoted, "\"=\"", 3) == 0)
        quoted = strchr(quoted + 3, '"');
    if (quoted && strncmp(line, "invalid connection option", 25) != 0)
        snprintf(quoted, sizeof line - (size_t)(quoted - line), "(not shown)");
    return err_set(e, ERR_USAGE, "--dsn: %s", line);
}

int session_lost(struct session *s, struct err *e, const char *what)
{
    char line[1024];

    put_line(line, sizeof line, s->conn ? PQerrorMessage(s->conn) : "out of memory");
    err_set(e, ERR_SOURCE, "%s: %s", what, line);
    session_close(s);
    return -1;
}

/*
 * libpq tells why a connection failed in words only: its own, strerror's and the server's. What
 * isn't listed, such as a wrong password or certificate, is taken to stay as it is.
 */
bool session_may_pass(const struct err *e)
{
    static const char *const passing[] = {
        "Connection refused",        "Connection timed out",
        "Connection reset",          "No route to host",
        "Network is unreachable",    "no answer for",
        "server closed the",         "could not translate",
        "could not receive",         "is starting up",
        "is shutting down",          "in recovery mode",
        "too many clients",          "connection slots are reserved",
        "No such file or directory",
    };

    for (size_t i = 0; i < sizeof passing / sizeof passing[0]; i++)
        if (strstr(e->text, passing[i]))
            return true;
    return false;
}

/* libpq would print it to stderr, between the log's lines. */
static void on_notice(void *unused, const char *message)
{
    char line[1024];

    (void)unused;
    put_line(line, sizeof line, message);
    log_info("the server says", LSTR("notice", line));
}

int session_connect(struct session *s, const char *dsn, const char *application, int64_t now_ms,
                    struct err *e)
{
    /* What stands before dbname gives way to the DSN, what stands after it doesn't. */
    const char *const names[] = {"keepalives_idle",           "keepalives_interval",
                                 "keepalives_count",          "tcp_user_timeout",
                                 "fallback_application_name", "dbname",
                                 "client_encoding",           NULL};
    const char *const values[] = {"30", "10", "3", "30000", application, dsn, "UTF8", NULL};

    *s = (struct session){.state = SESSION_CONNECTING};
    s->conn = PQconnectStartParams(names, values, 1);
    if (!s->conn || PQstatus(s->conn) == CONNECTION_BAD)
        return session_lost(s, e, "cannot connect");
    PQsetNoticeProcessor(s->conn, on_notice, NULL);
    s->events = POLLOUT;
    s->deadline_ms = now_ms + CONNECT_MS;
    return 0;
}

void session_close(struct session *s)
{
    PQclear(s->result);
    PQfinish(s->conn);
    *s = (struct session){.state = SESSION_DOWN};
}

static int step_connecting(struct session *s, int64_t now_ms, struct err *e)
{
    struct pollfd fd = {.fd = PQsocket(s->conn), .events = s->events};

    if (poll(&fd, 1, 0) <= 0) {
        if (now_ms < s->deadline_ms)
            return 0;
        session_close(s);
        return err_set(e, ERR_SOURCE, "cannot connect: no answer for %d s", CONNECT_MS / 1000);
    }
    switch (PQconnectPoll(s->conn)) {
    case PGRES_POLLING_READING:
        s->events = POLLIN;
        return 0;
    case PGRES_POLLING_WRITING:
        s->events = POLLOUT;
        return 0;
    case PGRES_POLLING_OK:
        s->state = SESSION_IDLE;
        if (session_send(s, pin_sql, e) < 0)
            return -1;
        s->state = SESSION_PINNING;
        return 0;
    case PGRES_POLLING_FAILED:
    case PGRES_POLLING_ACTIVE:
        break;
    }
    return session_lost(s, e, "cannot connect");
}

int session_step(struct session *s, int64_t now_ms, struct err *e)
{
    PGresult *res;

    if (s->state == SESSION_CONNECTING)
        return step_connecting(s, now_ms, e);
    if (s->state != SESSION_PINNING)
        return 0;
    int got = session_result(s, &res, e);
    if (got <= 0)
        return got;
    bool pinned = PQresultStatus(res) == PGRES_TUPLES_OK;
    PQclear(res);
    return pinned ? 0 : session_lost(s, e, "cannot pin the session's settings");
}

int session_send(struct session *s, const char *sql, struct err *e)
{
    PQclear(s->result);
    s->result = NULL;
    if (!PQsendQuery(s->conn, sql))
        return session_lost(s, e, "connection lost");
    s->state = SESSION_BUSY;
    return 0;
}

int session_result(struct session *s, PGresult **res, struct err *e)
{
    if (!PQconsumeInput(s->conn))
        return session_lost(s, e, "connection lost");
    while (!PQisBusy(s->conn)) {
        PGresult *r = PQgetResult(s->conn);
        if (!r) {
            if (PQstatus(s->conn) == CONNECTION_BAD)
                return session_lost(s, e, "connection lost");
            *res = s->result;
            s->result = NULL;
            s->state = SESSION_IDLE;
            return 1;
        }
        if (PQstatus(s->conn) == CONNECTION_BAD) {
            PQclear(r);
            return session_lost(s, e, "connection lost");
        }
        /* Of several statements the last one's answer counts, or the first error. */
        if (s->result && PQresultStatus(s->result) == PGRES_FATAL_ERROR) {
            PQclear(r);
            continue;
        }
        PQclear(s->result);
        s->result = r;
        if (PQresultStatus(r) == PGRES_COPY_OUT) {
            *res = r;
            s->result = NULL;
            s->state = SESSION_COPYING;
            return 1;
        }
    }
    return 0;
}

void session_watch(const struct session *s, struct watch *w, bool reading)
{
    switch (s->state) {
    case SESSION_CONNECTING:
        watch_fd(w, PQsocket(s->conn), s->events);
        watch_until(w, s->deadline_ms);
        break;
    case SESSION_COPYING:
        if (reading)
            watch_fd(w, PQsocket(s->conn), POLLIN);
        break;
    case SESSION_PINNING:
    case SESSION_BUSY:
        watch_fd(w, PQsocket(s->conn), POLLIN);
        break;
    case SESSION_IDLE: /* a server that goes away is noticed at the next query */
    case SESSION_DOWN:
        break;
    }
}

int session_ask(PGresult **res, const char *dsn, const char *sql, struct err *e)
{
    struct session s;
    bool sent = false;

    if (session_connect(&s, dsn, "walferry", clock_mono_ms(), e) < 0)
        return -1;
    for (;;) {
        struct watch w = {.deadline_ms = INT64_MAX};
        session_watch(&s, &w, true);
        if (w.n > 0)
            poll(w.fd, w.n, CONNECT_MS);
        if (session_step(&s, clock_mono_ms(), e) < 0)
            return -1;
        if (s.state == SESSION_IDLE && !sent) {
            sent = true;
            if (session_send(&s, sql, e) < 0)
                return -1;
        }
        int got = s.state == SESSION_BUSY ? session_result(&s, res, e) : 0;
        if (got < 0)
            return -1;
        if (got > 0)
            break;
    }
    int rc = 0;
    if (PQresultStatus(*res) != PGRES_TUPLES_OK) {
        rc = err_set(e, ERR_SOURCE, "%s", PQresultErrorField(*res, PG_DIAG_MESSAGE_PRIMARY));
        PQclear(*res);
        *res = NULL;
    }
    session_close(&s);
    return rc;
}
