/* control.c - the control connection: holds the lock, reads the catalog, moves the slot. */
#include <stdlib.h>

#include "base/backoff.h"
#include "base/clock.h"
#include "base/log.h"
#include "source/peek_private.h"
#include "source/slot.h"

enum {
    RETRY_FIRST_MS = 100,
    RETRY_MOST_MS = 30000,
    LOCK_POLL_MS = 1000,
    BUSY_POLL_MS = 200,
    REFRESH_SPACING_MS = 100,
    SETTLE_MOST_MS = 200, /* what the last peek may have cost, for another decoding to be made */
    SQL_MAX = 4096,
};

void control_lost(struct peek_source *s, const struct err *why)
{
    struct control *c = &s->control;
    int64_t wait = backoff_ms(c->attempt++, RETRY_FIRST_MS, RETRY_MOST_MS, clock_random());

    session_close(&c->session);
    stream_close(s);
    c->phase = PHASE_LOCK;
    c->not_before_ms = s->now_ms + wait;
    log_warn(c->answered ? "database connection lost" : "no database connection yet",
             LSTR("slot", s->cfg.slot), LSTR("error", why->text), LINT("retry_ms", wait));
}

static int connect_control(struct peek_source *s, struct err *e)
{
    struct control *c = &s->control;

    if (s->now_ms < c->not_before_ms)
        return 0;
    return session_connect(&c->session, s->cfg.dsn, s->application, s->now_ms, e);
}

/* When each of the tasks that come again is due; NEVER when there is nothing to do. */
static const int64_t NEVER = INT64_MAX;

static int64_t advance_at(const struct peek_source *s)
{
    if (s->acknowledged <= s->advanced || s->stream.state == PEEK_DECODING)
        return NEVER;
    if (s->control.settle)
        return s->control.not_before_ms;
    bool at_once = s->stopped || (s->cut && s->acknowledged >= s->seen) ||
                   (s->goal != 0 && s->acknowledged >= s->goal);
    return at_once ? s->control.not_before_ms : s->control.advance_not_before_ms;
}

static int64_t refresh_at(const struct peek_source *s)
{
    return s->control.refreshed_ms +
           (s->control.refresh_wanted ? (int64_t)REFRESH_SPACING_MS : s->cfg.refresh_interval_ms);
}

static int64_t end_at(const struct peek_source *s)
{
    if (s->stopped || s->stream.state != PEEK_NONE || (s->goal != 0 && s->complete >= s->goal))
        return NEVER;
    if (s->cut && s->advanced < s->seen)
        return NEVER;
    return s->next_end_ms > s->stream.not_before_ms ? s->next_end_ms : s->stream.not_before_ms;
}

/* The next thing to ask; false when there is none. */
static bool choose(const struct peek_source *s, enum control_task *task)
{
    switch (s->control.phase) {
    case PHASE_LOCK:
        *task = TASK_LOCK;
        return s->now_ms >= s->control.not_before_ms;
    case PHASE_INSPECT:
        *task = TASK_INSPECT;
        return true;
    case PHASE_CREATE:
        *task = TASK_CREATE;
        return true;
    case PHASE_CATALOG:
        *task = TASK_CATALOG;
        return true;
    case PHASE_READY:
        break;
    }
    if (s->now_ms >= advance_at(s))
        return *task = s->control.settle ? TASK_SETTLE : TASK_ADVANCE, true;
    if (s->now_ms >= refresh_at(s))
        return *task = TASK_CATALOG, true;
    if (s->now_ms >= end_at(s))
        return *task = TASK_END, true;
    return false;
}

static void write_task(struct peek_source *s, enum control_task task, struct buf *sql)
{
    switch (task) {
    case TASK_LOCK:
        slot_sql_lock(sql, s->cfg.slot);
        break;
    case TASK_INSPECT:
        slot_sql_inspect(sql, s->cfg.slot);
        break;
    case TASK_CREATE:
        slot_sql_create(sql, s->cfg.slot);
        break;
    case TASK_CATALOG:
        s->control.refresh_wanted = false;
        buf_puts(sql, catalog_query);
        break;
    case TASK_END:
        slot_sql_end(sql, s->cfg.slot);
        break;
    case TASK_ADVANCE:
        s->control.asked = s->acknowledged;
        slot_sql_advance(sql, s->cfg.slot, s->acknowledged);
        break;
    case TASK_SETTLE:
        slot_sql_settle(sql, s->cfg.slot, s->control.asked);
        break;
    }
}

static int send_task(struct peek_source *s, enum control_task task, struct err *e)
{
    struct buf sql;

    buf_init(&sql, SQL_MAX);
    write_task(s, task, &sql);
    s->control.task = task;
    int rc = sql.failed ? err_set(e, ERR_SYSTEM, "a statement is too long")
                        : session_send(&s->control.session, buf_cstr(&sql), e);
    buf_free(&sql);
    return rc;
}

static int take_lock(struct peek_source *s, const PGresult *res)
{
    struct control *c = &s->control;

    if (PQgetvalue(res, 0, 0)[0] == 't') {
        c->phase = PHASE_INSPECT;
        c->told = false;
        return 0;
    }
    c->relieved = true;
    if (!c->told)
        log_info("another walferry holds the slot; waiting", LSTR("slot", s->cfg.slot));
    c->told = true;
    c->not_before_ms = s->now_ms + LOCK_POLL_MS;
    return 0;
}

/* Whether the slot is where this process brought it: a gap is never passed over. */
static int check_slot(struct peek_source *s, lsn_t confirmed, struct err *e)
{
    char is[LSN_TEXT], was[LSN_TEXT];
    lsn_t known = s->control.asked > s->advanced ? s->control.asked : s->advanced;

    if (confirmed <= known)
        return 0;
    return err_set(e, ERR_SOURCE,
                   "slot %s was moved to %s by somebody else while walferry had brought it to %s: "
                   "changes between may be missing",
                   s->cfg.slot, lsn_text(is, confirmed), lsn_text(was, known));
}

/* Whether the WAL still holds all that it held: a failover may have lost its end. */
static int check_end(struct peek_source *s, lsn_t end, struct err *e)
{
    char at[LSN_TEXT], had[LSN_TEXT];
    lsn_t known = s->complete > s->seen ? s->complete : s->seen;

    if (end >= known)
        return 0;
    return err_set(e, ERR_SOURCE,
                   "the server's WAL ends at %s, but it was read up to %s before: a failover or a "
                   "restore lost what was between, which may have been published",
                   lsn_text(at, end), lsn_text(had, known));
}

/* What an instance that had the lock meanwhile did to the slot is as good as done here. */
static void take_over(struct peek_source *s, lsn_t confirmed)
{
    if (s->acknowledged < confirmed)
        s->acknowledged = confirmed;
    if (s->control.asked < confirmed)
        s->control.asked = confirmed;
    if (s->seen < confirmed)
        s->seen = confirmed;
}

static int check_continuity(struct peek_source *s, const struct slot_info *slot, struct err *e)
{
    if (s->control.been_ready) {
        if (s->control.relieved)
            take_over(s, slot->confirmed);
        if (check_slot(s, slot->confirmed, e) < 0 || check_end(s, slot->end, e) < 0)
            return -1;
    }
    s->control.relieved = s->control.settle = false;
    s->advanced = slot->confirmed;
    if (s->complete < slot->confirmed)
        s->complete = slot->confirmed;
    return 0;
}

static int take_inspection(struct peek_source *s, const PGresult *res, struct err *e)
{
    struct control *c = &s->control;
    struct slot_info slot;

    if (slot_inspect(&slot, res, s->cfg.slot, e) < 0)
        return -1;
    if (!slot.exists) {
        if (s->cfg.create_slot && !c->been_ready) {
            c->phase = PHASE_CREATE;
            return 0;
        }
        return err_set(e, ERR_SOURCE, "slot %s does not exist%s", s->cfg.slot,
                       c->been_ready ? " any more: it was dropped, or lost in a failover; changes "
                                       "since may be missing"
                                     : "; --create-slot makes it");
    }
    s->converts = s->parser.converted = slot.converts;
    if (check_continuity(s, &slot, e) < 0)
        return -1;
    c->phase = PHASE_CATALOG;
    return 0;
}

static int take_catalog(struct peek_source *s, const PGresult *res, struct err *e)
{
    struct control *c = &s->control;
    size_t tables = s->catalog.current;

    if (catalog_load(&s->catalog, res, s->acknowledged, e) < 0)
        return -1;
    c->refreshed_ms = s->now_ms;
    bool said = c->refresh_said || c->phase == PHASE_CATALOG || s->catalog.current != tables;
    log_write(said ? LOG_INFO : LOG_DEBUG, "primary keys read", LSTR("slot", s->cfg.slot),
              LUINT("tables", s->catalog.current), LUINT("with_key", s->catalog.with_key),
              LOG_FIELDS_END);
    c->refresh_said = false;
    if (c->phase == PHASE_CATALOG) {
        c->phase = PHASE_READY;
        c->attempt = 0;
        log_info(c->been_ready ? "connected again" : "connected", LSTR("slot", s->cfg.slot),
                 LLSN("confirmed", s->advanced));
        c->been_ready = true;
        s->next_end_ms = s->now_ms;
    }
    return 0;
}

static int take_end(struct peek_source *s, const PGresult *res, struct err *e)
{
    lsn_t end, confirmed;

    if (!lsn_parse(&end, slice_str(PQgetvalue(res, 0, 0))))
        return err_set(e, ERR_SOURCE, "the end of the WAL is not an LSN");
    if (!lsn_parse(&confirmed, slice_str(PQgetvalue(res, 0, 1))))
        return err_set(e, ERR_SOURCE,
                       "slot %s does not exist any more: it was dropped; changes since may be "
                       "missing",
                       s->cfg.slot);
    if (check_slot(s, confirmed, e) < 0 || check_end(s, end, e) < 0)
        return -1;
    if (s->cfg.once && s->goal == 0)
        s->goal = end;
    s->upto = s->cfg.once ? s->goal : end;
    if (s->upto > s->complete) {
        s->stream.state = PEEK_WANTED;
    } else {
        if (s->acknowledged < s->goal)
            s->acknowledged = s->goal; /* --once, and there is nothing to read */
        s->next_end_ms = s->now_ms + s->cfg.poll_interval_ms;
    }
    return 0;
}

static int overshot(const struct peek_source *s, lsn_t at, struct err *e)
{
    char is[LSN_TEXT], asked[LSN_TEXT];

    return err_set(e, ERR_SOURCE,
                   "slot %s went to %s when it was asked to go to %s: changes between are lost",
                   s->cfg.slot, lsn_text(is, at), lsn_text(asked, s->control.asked));
}

static int take_advance(struct peek_source *s, const PGresult *res, struct err *e)
{
    lsn_t at;
    char asked[LSN_TEXT];

    if (PQntuples(res) == 0)
        return err_set(e, ERR_SOURCE, "the server's WAL ends before %s, which was read before",
                       lsn_text(asked, s->control.asked));
    if (!lsn_parse(&at, slice_str(PQgetvalue(res, 0, 0))))
        return err_set(e, ERR_SOURCE, "the slot's new position is not an LSN");
    if (at > s->control.asked)
        return overshot(s, at, e);
    s->advanced = at;
    if (at + 1 == s->control.asked) {
        /* As good as there. The last byte is for those who look: only where it costs little. */
        s->control.settle = s->stream.decode_ms <= SETTLE_MOST_MS;
        s->advanced += !s->control.settle;
    }
    if (!s->control.settle)
        s->control.advance_not_before_ms = s->now_ms + s->cfg.advance_interval_ms;
    log_debug("slot advanced", LSTR("slot", s->cfg.slot), LLSN("lsn", s->advanced));
    return 0;
}

static int take_settled(struct peek_source *s, const PGresult *res, struct err *e)
{
    s->control.settle = false;
    if (PQgetvalue(res, 0, 0)[0] != '0')
        return overshot(s, s->control.asked, e);
    s->advanced = s->control.asked;
    s->control.advance_not_before_ms = s->now_ms + s->cfg.advance_interval_ms;
    return 0;
}

static int take_fault(struct peek_source *s, const PGresult *res, struct err *e)
{
    struct control *c = &s->control;

    switch (slot_fault(res, s->cfg.slot, e)) {
    case FAULT_BUSY:
        log_debug("slot is busy", LSTR("slot", s->cfg.slot), LSTR("error", e->text));
        c->not_before_ms = c->advance_not_before_ms = s->now_ms + BUSY_POLL_MS;
        return 0;
    case FAULT_AGAIN:
        control_lost(s, e);
        return 0;
    case FAULT_FATAL:
        break;
    }
    return -1;
}

static int take_answer(struct peek_source *s, const PGresult *res, struct err *e)
{
    if (PQresultStatus(res) != PGRES_TUPLES_OK)
        return take_fault(s, res, e);
    if (PQntuples(res) < 1 && s->control.task != TASK_ADVANCE)
        return err_set(e, ERR_SOURCE, "slot %s: an empty answer", s->cfg.slot);
    switch (s->control.task) {
    case TASK_LOCK:
        return take_lock(s, res);
    case TASK_INSPECT:
        return take_inspection(s, res, e);
    case TASK_CREATE:
        log_info("slot created", LSTR("slot", s->cfg.slot), LSTR("lsn", PQgetvalue(res, 0, 0)));
        s->control.phase = PHASE_INSPECT;
        return 0;
    case TASK_CATALOG:
        return take_catalog(s, res, e);
    case TASK_END:
        return take_end(s, res, e);
    case TASK_ADVANCE:
        return take_advance(s, res, e);
    case TASK_SETTLE:
        return take_settled(s, res, e);
    }
    return 0;
}

/* Before the server ever answered, patience is only for a daemon, and for what may pass. */
static int control_failed(struct peek_source *s, struct err *e)
{
    if (!s->control.answered && (s->cfg.once || !session_may_pass(e)))
        return -1;
    control_lost(s, e);
    return 0;
}

int control_step(struct peek_source *s, struct err *e)
{
    struct control *c = &s->control;
    enum control_task task;
    PGresult *res;

    if (c->session.state == SESSION_DOWN && connect_control(s, e) < 0)
        return control_failed(s, e);
    if (session_step(&c->session, s->now_ms, e) < 0)
        return control_failed(s, e);
    if (c->session.state == SESSION_BUSY) {
        int got = session_result(&c->session, &res, e);
        if (got < 0)
            return control_failed(s, e);
        if (got > 0) {
            c->answered = true;
            int rc = take_answer(s, res, e);
            PQclear(res);
            if (rc < 0)
                return -1;
        }
    }
    if (c->session.state == SESSION_IDLE && choose(s, &task) && send_task(s, task, e) < 0)
        return control_failed(s, e);
    return 0;
}

void control_watch(const struct peek_source *s, struct watch *w)
{
    const struct control *c = &s->control;

    session_watch(&c->session, w, true);
    if (c->session.state == SESSION_DOWN ||
        (c->session.state == SESSION_IDLE && c->phase == PHASE_LOCK))
        watch_until(w, c->not_before_ms);
    if (c->session.state != SESSION_IDLE || c->phase != PHASE_READY)
        return;
    watch_until(w, advance_at(s));
    watch_until(w, refresh_at(s));
    watch_until(w, end_at(s));
}
