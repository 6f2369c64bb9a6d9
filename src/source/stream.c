/* stream.c - the peek connection: streams rows by binary COPY until a transaction is whole. */
#include <inttypes.h>
#include <string.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "decode/row_error.h"
#include "source/peek_private.h"
#include "source/slot.h"

enum {
    RETRY_FIRST_MS = 100,
    RETRY_MOST_MS = 30000,
    BUSY_POLL_MS = 200,
    STALL_MS = 30000,    /* a peek nobody reads from is given up after this */
    HOLD_MS = 60000,     /* … and so is one that has streamed for this long */
    LIMIT_LEAST = 10000, /* rows a peek asks for at least */
    PAUSE_MOST_MS = 10000,
    ROWS_A_CALL = 4096,   /* then the loop gets its turn */
    COPY_HEADER = 11 + 4, /* signature and flags, before the length of an extension */
    COPY_FIELDS = 3,
};

static void end_peek(struct peek_source *s)
{
    struct stream *p = &s->stream;

    p->state = PEEK_NONE;
    p->collecting = false;
    p->more = false;
}

void stream_close(struct peek_source *s)
{
    session_close(&s->stream.session);
    end_peek(s);
}

/* The connection broke or the server asked for patience. */
static int try_again(struct peek_source *s, const struct err *why)
{
    struct stream *p = &s->stream;
    int64_t wait = backoff_ms(p->attempt++, RETRY_FIRST_MS, RETRY_MOST_MS, clock_random());

    stream_close(s);
    p->not_before_ms = s->now_ms + wait;
    log_warn("peek failed; will be taken up again", LSTR("slot", s->cfg.slot),
             LSTR("error", why->text), LINT("retry_ms", wait));
    return 0;
}

static int peek_fault(struct peek_source *s, const PGresult *res, struct err *e)
{
    struct stream *p = &s->stream;

    switch (slot_fault(res, s->cfg.slot, e)) {
    case FAULT_BUSY:
        if (!p->told_busy)
            log_info("slot is busy; waiting", LSTR("slot", s->cfg.slot), LSTR("error", e->text));
        p->told_busy = true;
        end_peek(s);
        p->not_before_ms = s->now_ms + BUSY_POLL_MS;
        return 0;
    case FAULT_AGAIN:
        return try_again(s, e);
    case FAULT_FATAL:
        break;
    }
    return -1;
}

static int send_peek(struct peek_source *s, struct err *e)
{
    struct stream *p = &s->stream;
    struct buf sql;

    if (p->limit == 0 || p->limit > s->cfg.batch_changes)
        p->limit = s->cfg.batch_changes;
    buf_init(&sql, 1024);
    slot_sql_peek(&sql, s->cfg.slot, s->upto, p->limit);
    int rc = session_send(&p->session, buf_cstr(&sql), e);
    buf_free(&sql);
    if (rc < 0)
        return try_again(s, e);
    p->state = PEEK_DECODING;
    s->cut = false;
    p->rows = p->taken = 0;
    p->header_read = false;
    p->collecting = false;
    p->begun_ms = s->now_ms;
    return 0;
}

/* The server sends nothing before all is decoded, and the slot is free again by then. */
static int await_first_row(struct peek_source *s, struct err *e)
{
    struct stream *p = &s->stream;
    PGresult *res;

    int got = session_result(&p->session, &res, e);
    if (got < 0)
        return try_again(s, e);
    if (got == 0)
        return 0;
    int rc = 0;
    if (PQresultStatus(res) == PGRES_COPY_OUT) {
        p->state = PEEK_STREAMING;
        p->streaming_ms = p->read_ms = s->now_ms;
        p->decode_ms = s->now_ms - p->begun_ms;
        p->more = true;
        p->told_busy = false;
        p->attempt = 0;
    } else {
        rc = peek_fault(s, res, e);
    }
    PQclear(res);
    return rc;
}

/*
 * A peek in mid-stream holds back VACUUM in its whole database. So one that the sink lets stand, or
 * takes too slowly, is given up between two transactions; what it didn't bring is peeked again.
 */
static void bound_hold(struct peek_source *s)
{
    struct stream *p = &s->stream;
    bool stalled = !p->starved && s->now_ms - p->read_ms >= STALL_MS;
    bool held = s->now_ms - p->streaming_ms >= HOLD_MS && !p->collecting;

    if (!stalled && !held)
        return;
    uint64_t seconds = (uint64_t)(s->now_ms - p->streaming_ms) / 1000 + 1;
    p->limit = p->rows * (STALL_MS / 1000) / seconds;
    if (p->limit < LIMIT_LEAST)
        p->limit = LIMIT_LEAST;
    log_info("peek given up, so that it doesn't hold VACUUM back", LSTR("slot", s->cfg.slot),
             LSTR("reason", stalled ? "sink stalled" : "sink slow"), LUINT("rows", p->rows),
             LUINT("next_limit", p->limit));
    s->cut = s->announce = true;
    stream_close(s);
}

int stream_step(struct peek_source *s, struct err *e)
{
    struct stream *p = &s->stream;

    if (s->stopped || s->control.phase != PHASE_READY)
        return 0;
    if (p->state == PEEK_WANTED && p->session.state == SESSION_DOWN &&
        s->now_ms >= p->not_before_ms &&
        session_connect(&p->session, s->cfg.dsn, s->application, s->now_ms, e) < 0)
        return try_again(s, e);
    if (session_step(&p->session, s->now_ms, e) < 0)
        return try_again(s, e);
    switch (p->state) {
    case PEEK_NONE:
        return 0;
    case PEEK_WANTED:
        /* An advance under way has the slot. */
        if (p->session.state == SESSION_IDLE && s->control.session.state == SESSION_IDLE)
            return send_peek(s, e);
        return 0;
    case PEEK_DECODING:
        return await_first_row(s, e);
    case PEEK_STREAMING:
        bound_hold(s);
        return 0;
    }
    return 0;
}

static uint64_t big_endian(const unsigned char *p, size_t n)
{
    uint64_t v = 0;

    while (n-- > 0)
        v = v << 8 | *p++;
    return v;
}

struct peeked {
    lsn_t lsn;
    struct slice text; /* the last field of the message, so libpq's NUL stands behind it */
};

/*
 * One CopyData message of "COPY … (FORMAT binary)": the first begins with a header, a row is
 * int16 3, (int32 8, lsn), (int32 4, xid), (int32 n, text), and the last is int16 -1.
 * 1 with a row, 0 for the last message, -1 when it is something else.
 */
static int read_message(struct stream *p, struct peeked *row, const unsigned char *m, size_t n)
{
    static const char signature[] = "PGCOPY\n\377\r\n"; /* with its NUL: 11 bytes */
    size_t at = 0;

    if (!p->header_read) {
        if (n < COPY_HEADER + 4 || memcmp(m, signature, sizeof signature) != 0)
            return -1;
        uint64_t extension = big_endian(m + COPY_HEADER, 4);
        at = COPY_HEADER + 4;
        if (extension > n - at)
            return -1;
        at += extension;
        p->header_read = true;
    }
    if (n - at == 2 && big_endian(m + at, 2) == 0xFFFF)
        return 0;
    if (n - at < 2 + 4 + 8 + 4 + 4 + 4)
        return -1;
    const unsigned char *f = m + at;
    if (big_endian(f, 2) != COPY_FIELDS || big_endian(f + 2, 4) != 8 ||
        big_endian(f + 14, 4) != 4 || big_endian(f + 22, 4) != n - at - 26)
        return -1;
    row->lsn = big_endian(f + 6, 8);
    row->text = slice_of(f + 26, n - at - 26);
    return 1;
}

static bool hand_out(struct peek_source *s, struct txn *t, lsn_t lsn, uint32_t xid,
                     struct slice time)
{
    s->stream.collecting = false;
    if (lsn <= s->seen) {
        spool_reset(&s->spool);
        return false;
    }
    size_t n = time.n < sizeof s->time ? time.n : 0;
    if (n)
        memcpy(s->time, time.p, n);
    *t = (struct txn){.lsn = lsn, .xid = xid, .time = slice_of(s->time, n)};
    s->seen = lsn;
    s->stream.taken++;
    s->stream.starved = false;
    return true;
}

/* A row that isn't a table's. 1 when it ends what is handed out, 0 when not, -1. */
static int take_mark(struct peek_source *s, struct txn *t, const struct peeked *row, struct err *e)
{
    struct stream *p = &s->stream;
    struct td_change c;
    struct td_error why;

    if (td_parse(&s->parser, &c, row->text.p, row->text.n, &why) < 0)
        return row_error(e, row->lsn, row->text.p, row->text.n, &why);
    why.offset = 0;
    if (c.kind == TD_BEGIN && !p->collecting) {
        spool_reset(&s->spool);
        p->collecting = true;
        return 0;
    }
    if (c.kind == TD_COMMIT && p->collecting)
        return hand_out(s, t, row->lsn, c.has_xid ? c.xid : 0, c.time);
    if (c.kind == TD_MESSAGE && p->collecting)
        return spool_append(&s->spool, row->lsn, row->text, e);
    if (c.kind == TD_MESSAGE && !c.message.transactional) {
        spool_reset(&s->spool);
        if (spool_append(&s->spool, row->lsn, row->text, e) < 0)
            return -1;
        return hand_out(s, t, row->lsn, 0, slice_of(NULL, 0));
    }
    why.want = p->collecting ? "a change or COMMIT" : "BEGIN or a message";
    return row_error(e, row->lsn, row->text.p, row->text.n, &why);
}

static int take_row(struct peek_source *s, struct txn *t, const struct peeked *row, struct err *e)
{
    s->stream.rows++;
    if (row->text.n > 0 && row->text.p[0] == 't' && s->stream.collecting)
        return spool_append(&s->spool, row->lsn, row->text, e);
    return take_mark(s, t, row, e);
}

/*
 * How long the WAL's end isn't asked for. A peek that brought little was spent on WAL which isn't
 * ours or is decoded again: that shouldn't take more than a third of the server's time.
 */
static int64_t pause_ms(const struct peek_source *s)
{
    int64_t cost = s->stream.rows < LIMIT_LEAST ? 2 * s->stream.decode_ms : 0;

    if (cost > PAUSE_MOST_MS)
        cost = PAUSE_MOST_MS;
    return cost > s->cfg.poll_interval_ms ? cost : s->cfg.poll_interval_ms;
}

/* All rows have come. 1 when the end of the peek is to be handed out, 0 when not, -1. */
static int finish(struct peek_source *s, struct txn *t, struct err *e)
{
    struct stream *p = &s->stream;
    PGresult *res;
    int got = session_result(&p->session, &res, e);

    if (got < 0)
        return try_again(s, e);
    if (got == 0)
        return 0;
    ExecStatusType status = PQresultStatus(res);
    int rc = status == PGRES_COMMAND_OK ? 0 : peek_fault(s, res, e);
    PQclear(res);
    if (status != PGRES_COMMAND_OK)
        return rc;
    if (p->collecting)
        return err_set(e, ERR_SOURCE, "slot %s: a peek ended inside a transaction", s->cfg.slot);
    bool whole = p->rows < p->limit;
    log_debug("peek ended", LSTR("slot", s->cfg.slot), LUINT("rows", p->rows),
              LUINT("transactions", p->taken), LINT("decode_ms", p->decode_ms),
              LLSN("upto", s->upto), LSTR("whole", whole ? "yes" : "no"));
    end_peek(s);
    /* A limit that a slow sink lowered grows again. */
    p->limit = p->limit > s->cfg.batch_changes / 2 ? s->cfg.batch_changes : p->limit * 2;
    spool_reset(&s->spool);
    if (whole) {
        s->next_end_ms = s->now_ms + pause_ms(s);
        s->complete = s->upto > s->seen ? s->upto : s->seen;
        *t = (struct txn){.lsn = s->complete};
    } else {
        s->cut = true;
        s->next_end_ms = s->now_ms;
        *t = (struct txn){.lsn = s->seen};
    }
    return 1;
}

int stream_next(struct peek_source *s, struct txn *t, struct err *e)
{
    struct stream *p = &s->stream;
    bool fed = false;

    if (s->announce && !s->stopped && s->seen > 0) {
        s->announce = false;
        spool_reset(&s->spool);
        *t = (struct txn){.lsn = s->seen};
        return 1;
    }
    if (p->state != PEEK_STREAMING || s->stopped)
        return 0;
    p->read_ms = s->now_ms;
    p->starved = true;
    if (p->session.state == SESSION_BUSY)
        return finish(s, t, e);
    p->more = true;
    for (int i = 0; i < ROWS_A_CALL;) {
        char *m;
        int n = PQgetCopyData(p->session.conn, &m, 1);
        if (n > 0) {
            struct peeked row;
            int rc = read_message(p, &row, (unsigned char *)m, (size_t)n);
            if (rc > 0)
                rc = take_row(s, t, &row, e);
            else if (rc < 0)
                err_set(e, ERR_SOURCE, "slot %s: not a row of a binary COPY", s->cfg.slot);
            PQfreemem(m);
            if (rc != 0)
                return rc;
            i++;
        } else if (n < 0) {
            p->session.state = SESSION_BUSY;
            return finish(s, t, e);
        } else if (fed) {
            p->more = false;
            return 0;
        } else {
            fed = true;
            if (!PQconsumeInput(p->session.conn)) {
                session_lost(&p->session, e, "connection lost");
                return try_again(s, e);
            }
        }
    }
    return 0;
}

void stream_watch(const struct peek_source *s, struct watch *w, bool reading)
{
    const struct stream *p = &s->stream;

    if (s->stopped)
        return;
    session_watch(&p->session, w, reading);
    if (p->state == PEEK_WANTED && p->session.state == SESSION_DOWN)
        watch_until(w, p->not_before_ms);
    if (p->state != PEEK_STREAMING)
        return;
    if (reading && p->more)
        watch_until(w, 0);
    if (!p->starved)
        watch_until(w, p->read_ms + STALL_MS);
    if (!p->collecting)
        watch_until(w, p->streaming_ms + HOLD_MS);
}
