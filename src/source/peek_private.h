/* peek_private.h - the inside of the peek source, shared by its three files. */
#ifndef WALFERRY_SOURCE_PEEK_PRIVATE_H
#define WALFERRY_SOURCE_PEEK_PRIVATE_H

#include "decode/parser.h"
#include "source/catalog.h"
#include "source/session.h"
#include "source/source.h"
#include "source/spool.h"

/* What the control connection is asked, in the order of a start. */
enum control_task {
    TASK_LOCK,
    TASK_INSPECT,
    TASK_CREATE,
    TASK_CATALOG,
    TASK_END,
    TASK_ADVANCE,
    TASK_SETTLE, /* the advance's last byte */
};

/* How far a start has come; later tasks are free to come in any order. */
enum control_phase { PHASE_LOCK, PHASE_INSPECT, PHASE_CREATE, PHASE_CATALOG, PHASE_READY };

/* Everything about the control connection: it holds the lock and moves the slot. */
struct control {
    struct session session;
    enum control_phase phase;
    enum control_task task; /* under way when the session is busy */
    unsigned attempt;       /* failed attempts to connect in a row */
    int64_t not_before_ms;  /* connecting, locking and busy slots wait until then */
    bool answered;          /* the server, to any question, since the process started */
    bool been_ready;        /* since the process started */
    bool told;              /* that another instance holds the lock */
    bool relieved;          /* another instance had the lock, and may have moved the slot */
    bool settle;            /* the slot is one byte before where it was asked to go */
    bool refresh_said;      /* the refresh that is wanted was asked for by a person */
    int64_t advance_not_before_ms;
    int64_t refreshed_ms;
    bool refresh_wanted;
    lsn_t asked; /* the highest LSN an advance was sent for */
};

enum peek_state { PEEK_NONE, PEEK_WANTED, PEEK_DECODING, PEEK_STREAMING };

/* Everything about the peek connection: it streams rows into the spool. */
struct stream {
    struct session session;
    enum peek_state state;
    unsigned attempt;
    int64_t not_before_ms;
    bool told_busy;
    uint64_t limit;       /* rows asked for */
    uint64_t rows;        /* rows read of this peek */
    uint64_t taken;       /* transactions of this peek that were new */
    bool header_read;     /* of the binary COPY */
    bool more;            /* rows may be waiting inside libpq */
    int64_t begun_ms;     /* when the peek was sent */
    int64_t streaming_ms; /* when its first row came */
    int64_t read_ms;      /* when a row was last asked for */
    int64_t decode_ms;    /* what the last peek cost the server before its first row */
    bool collecting;      /* between BEGIN and COMMIT */
    bool starved;         /* the pipeline wants rows: it isn't the sink that holds the peek up */
};

struct peek_source {
    struct source base;
    struct source_config cfg;
    char application[80];
    struct control control;
    struct stream stream;
    struct catalog catalog;
    struct spool spool;
    struct td_parser parser;
    bool stopped;
    bool converts;
    int64_t now_ms;
    int64_t next_end_ms; /* when the end of the WAL is asked for again */
    lsn_t upto;          /* where the peek under way, or the next one, ends */
    lsn_t goal;          /* with --once: where all ends; 0 until known */
    lsn_t complete;      /* nothing up to here is left to peek */
    bool announce;       /* a peek was given up: let the pipeline flush what it has */
    bool cut;            /* the last peek left something: peek again when the slot is at `seen` */
    lsn_t seen;          /* commit LSN handed out last: not handed out again */
    lsn_t acknowledged;
    lsn_t advanced; /* where the slot is */
    char time[64];  /* commit time of the transaction handed out */
};

/* control.c */
int control_step(struct peek_source *s, struct err *e);
void control_watch(const struct peek_source *s, struct watch *w);
/* Both connections go: without the lock nothing may be read. Tries again after a while. */
void control_lost(struct peek_source *s, const struct err *why);

/* stream.c */
/* Sends the peek that is wanted. */
int stream_step(struct peek_source *s, struct err *e);
/* 1 with a transaction, 0 none yet, -1. */
int stream_next(struct peek_source *s, struct txn *t, struct err *e);
void stream_close(struct peek_source *s);
void stream_watch(const struct peek_source *s, struct watch *w, bool reading);

#endif
