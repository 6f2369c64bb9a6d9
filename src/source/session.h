/* session.h - one connection to PostgreSQL that never blocks, with its settings pinned. */
#ifndef WALFERRY_SOURCE_SESSION_H
#define WALFERRY_SOURCE_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <libpq-fe.h>

#include "base/err.h"
#include "base/watch.h"

enum session_state {
    SESSION_DOWN,
    SESSION_CONNECTING,
    SESSION_PINNING, /* connected; the settings are on their way */
    SESSION_IDLE,
    SESSION_BUSY,    /* a query's answer is awaited */
    SESSION_COPYING, /* a COPY streams; the caller reads it with PQgetCopyData */
};

struct session {
    PGconn *conn;
    enum session_state state;
    short events; /* what the socket is waited for while connecting */
    int64_t deadline_ms;
    PGresult *result; /* the last one seen of the query under way */
};

/* 0, or -1 with *e (ERR_USAGE) when libpq can't read the connection string. */
int session_check_dsn(const char *dsn, struct err *e);
/* Starts to connect. dsn may be "". 0, or -1 with *e. */
int session_connect(struct session *s, const char *dsn, const char *application, int64_t now_ms,
                    struct err *e);
/* Whether what kept a session from connecting, as *e says it, may pass by itself. */
bool session_may_pass(const struct err *e);
/* At once, whatever is under way. The server notices when it next writes. */
void session_close(struct session *s);
/* Goes on with connecting and pinning. 0, or -1 with *e: closed, try again later. */
int session_step(struct session *s, int64_t now_ms, struct err *e);
/* Sends a query; the session is IDLE before. 0, or -1 with *e: the connection is lost. */
int session_send(struct session *s, const char *sql, struct err *e);
/*
 * 1 with the last result of the query, which the caller clears; it may be an error of the server's.
 * 0 not yet. -1 with *e: the connection is lost. When a COPY begins: 1 and PGRES_COPY_OUT.
 */
int session_result(struct session *s, PGresult **res, struct err *e);
/* Closes the session; *e says that it was lost, and libpq's reason. Returns -1. */
int session_lost(struct session *s, struct err *e, const char *what);
/* Connects, asks, waits for the answer and closes: for commands, not for the loop. 0 or -1. */
int session_ask(PGresult **res, const char *dsn, const char *sql, struct err *e);
void session_watch(const struct session *s, struct watch *w, bool reading);

#endif
