/* pipeline.c - the one loop: transactions in, records out, acknowledgements back. */
#include "pipeline/pipeline.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "pipeline/frontier.h"
#include "pipeline/maker.h"

enum {
    RECORDS_A_TURN = 4096, /* then signals, answers and time-outs get their turn */
    LEAVE_MS = 20000,      /* a stop gives up when nothing has moved for this long */
};

enum turn {
    TURN_MORE,    /* there is more to do right now */
    TURN_BLOCKED, /* the sink is full, or the catalog is being asked */
    TURN_IDLE,    /* the source has nothing for now */
    TURN_FAILED,
};

struct pipeline {
    const struct pipeline_config *cfg;
    struct source *source;
    struct sink *sink;
    struct pipeline_counts *counts;
    struct maker maker;
    struct frontier frontier;
    struct txn txn;
    bool in_txn;
    struct txn_row row;
    bool row_waits;     /* for the catalog */
    uint64_t index;     /* the next row's first */
    uint32_t submitted; /* of maker.made */
    uint64_t seq;       /* of the last record submitted */
    uint64_t flushed;   /* seq at the last flush */
    bool flush_now;
    bool stopping;
    bool sink_failed; /* then nothing more can be delivered */
    uint64_t txn_seq; /* seq when the transaction began */
    bool failing;   /* a row can't be published: what came before it is delivered, then that's it */
    struct err why; /* … */
    int64_t now_ms;
    int64_t flush_ms; /* the last one */
    int64_t moved_ms; /* when something was last stored or acknowledged, since the stop */
    uint64_t moved_n;
};

/* Hands over what was made. 1 all, 0 the sink is full, -1. */
static int submit_made(struct pipeline *p, struct err *e)
{
    for (; p->submitted < p->maker.n_made; p->submitted++) {
        const struct made *m = &p->maker.made[p->submitted];
        struct record r = {.seq = p->seq + 1,
                           .key = maker_key(&p->maker, m),
                           .data = maker_data(&p->maker, m),
                           .lsn = p->txn.lsn,
                           .index = m->index};
        int got = p->sink->ops->submit(p->sink, &r, e);
        if (got < 0)
            p->sink_failed = e->code != ERR_RECORD;
        if (got <= 0)
            return got;
        p->seq++;
        p->counts->records++;
    }
    return 1;
}

static void end_txn(struct pipeline *p)
{
    frontier_commit(&p->frontier, p->seq, p->txn.lsn);
    p->in_txn = false;
}

/* 1 a transaction began or a bare position passed, 0 none, -1. */
static int begin_txn(struct pipeline *p, struct err *e)
{
    int got = p->source->ops->next(p->source, &p->txn, e);

    if (got <= 0)
        return got;
    p->in_txn = true;
    p->txn_seq = p->seq;
    p->index = 0;
    return 1;
}

/* The next row's records. 1 made, 0 not yet, -1; a transaction's end makes none. */
static int make_next(struct pipeline *p, struct err *e)
{
    if (!p->row_waits) {
        int got = p->source->ops->row(p->source, &p->row, e);
        if (got < 0)
            return -1;
        if (got == 0) {
            if (p->index > 0)
                p->counts->transactions++;
            else
                p->flush_now = true; /* nothing more for now, most likely */
            end_txn(p);
            return 1;
        }
    }
    p->submitted = 0;
    int got = maker_row(&p->maker, &p->txn, &p->row, &p->index, e);
    p->row_waits = got == 0;
    return got;
}

static enum turn feed(struct pipeline *p, struct err *e)
{
    for (int i = 0; i < RECORDS_A_TURN; i++) {
        int got = submit_made(p, e);
        if (got < 0)
            return TURN_FAILED;
        if (got == 0)
            return TURN_BLOCKED;
        if (p->in_txn) {
            got = make_next(p, e);
            if (got == 0)
                return TURN_BLOCKED;
        } else {
            got = begin_txn(p, e);
            if (got == 0)
                return TURN_IDLE;
        }
        if (got < 0)
            return TURN_FAILED;
    }
    return TURN_MORE;
}

static void acknowledge(struct pipeline *p)
{
    uint64_t durable = p->sink->ops->durable(p->sink);
    lsn_t lsn;

    if (frontier_advance(&p->frontier, durable, &lsn)) {
        p->source->ops->acknowledge(p->source, lsn);
        p->moved_ms = p->now_ms;
    }
    if (durable != p->moved_n) {
        p->moved_n = durable;
        p->moved_ms = p->now_ms;
    }
}

/* 1 flushed, 0 not due, -1. */
static int flush_if_due(struct pipeline *p, enum turn turn, struct err *e)
{
    if (p->flushed == p->seq)
        return 0;
    bool due = p->flush_now || (p->stopping && turn == TURN_IDLE) ||
               p->now_ms >= p->flush_ms + p->cfg->flush_interval_ms;
    if (!due)
        return 0;
    p->flushed = p->seq;
    p->flush_ms = p->now_ms;
    return p->sink->ops->flush(p->sink, e) < 0 ? -1 : 1;
}

static void drop_txn(struct pipeline *p)
{
    p->in_txn = p->row_waits = false;
    p->maker.n_made = p->submitted = 0;
}

static void stop_reading(struct pipeline *p)
{
    p->stopping = true;
    if (p->in_txn && p->seq == p->txn_seq)
        drop_txn(p); /* nothing of it has gone out */
    p->moved_ms = p->now_ms;
    p->source->ops->stop(p->source);
}

static void handle_signals(struct pipeline *p)
{
    if (signals_take_hangup())
        p->source->ops->refresh(p->source);
    if (signals_stops() == 0 || p->stopping)
        return;
    log_info("stopping: delivering what is in flight", LSTR("slot", p->cfg->slot));
    stop_reading(p);
}

/* What can't be published is nothing to the transactions before it: they are delivered first. */
static void fail_softly(struct pipeline *p, const struct err *why)
{
    log_error("can't go on; delivering what came before", LSTR("slot", p->cfg->slot));
    p->why = *why;
    p->failing = true;
    drop_txn(p);
    stop_reading(p);
}

static bool finished(const struct pipeline *p, enum turn turn)
{
    bool delivered = turn == TURN_IDLE && !p->in_txn && frontier_empty(&p->frontier);

    if (!p->stopping)
        return p->cfg->once && delivered && p->source->ops->settled(p->source);
    if (delivered && p->source->ops->settled(p->source))
        return true;
    if (p->now_ms - p->moved_ms < LEAVE_MS)
        return false;
    log_warn("leaving with records not stored; the next run delivers them again",
             LSTR("slot", p->cfg->slot), LUINT("records", p->seq - p->moved_n));
    return true;
}

static void wait_for_something(struct pipeline *p, enum turn turn)
{
    struct watch w = {.deadline_ms = turn == TURN_MORE ? 0 : INT64_MAX};

    p->source->ops->watch(p->source, &w, turn == TURN_IDLE || turn == TURN_MORE);
    p->sink->ops->watch(p->sink, &w);
    if (p->flushed != p->seq)
        watch_until(&w, p->flush_ms + p->cfg->flush_interval_ms);
    if (p->stopping)
        watch_until(&w, p->moved_ms + LEAVE_MS);
    signals_wait(&w, p->now_ms);
}

/* One turn of everything. 1 to go on, 0 finished, -1. */
static int turn_once(struct pipeline *p, struct err *e)
{
    p->now_ms = clock_mono_ms();
    handle_signals(p);
    if (p->source->ops->step(p->source, p->now_ms, e) < 0 ||
        p->sink->ops->step(p->sink, p->now_ms, e) < 0)
        return -1;
    acknowledge(p);
    enum turn turn = feed(p, e);
    if (turn == TURN_FAILED) {
        if (p->failing || p->sink_failed)
            return -1;
        fail_softly(p, e);
        turn = TURN_IDLE;
    }
    int flushed = flush_if_due(p, turn, e);
    if (flushed < 0)
        return -1;
    if (flushed > 0 && turn == TURN_BLOCKED)
        turn = TURN_MORE; /* the sink may have room again */
    p->flush_now = false;
    acknowledge(p);
    if (finished(p, turn))
        return 0;
    wait_for_something(p, turn);
    return 1;
}

int pipeline_run(const struct pipeline_config *cfg, struct source *source,
                 const struct format_ops *format, struct sink *sink, struct pipeline_counts *counts,
                 struct err *e)
{
    struct pipeline p = {.cfg = cfg, .source = source, .sink = sink, .counts = counts};
    int going = 1;

    p.flush_ms = clock_mono_ms();
    frontier_init(&p.frontier);
    maker_init(&p.maker, cfg, source, format, counts);
    while (going > 0 && signals_stops() < 2)
        going = turn_once(&p, e);
    maker_free(&p.maker);
    if (p.failing && going >= 0) {
        *e = p.why;
        return -1;
    }
    return going;
}
