/* slot.c - the questions put to the server about a slot, and what its refusals mean. */
#include "source/slot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { OLDEST_SERVER = 110000 };

#define WAL_END                                                                                    \
    "CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn()"                                  \
    " ELSE pg_current_wal_flush_lsn() END"

bool slot_name_valid(const char *name)
{
    size_t n = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return n > 0 && n <= 63 && name[n] == 0;
}

void slot_sql_lock(struct buf *b, const char *slot)
{
    uint32_t h = 2166136261u; /* FNV-1a */

    for (const char *p = slot; *p; p++)
        h = (h ^ (unsigned char)*p) * 16777619u;
    /* 0x77616c66 is "walf". */
    buf_printf(b, "SELECT pg_try_advisory_lock(%d, %" PRId32 ")", 0x77616c66, (int32_t)h);
}

void slot_sql_inspect(struct buf *b, const char *slot)
{
    /* to_jsonb: columns that only newer servers have are NULL elsewhere. */
    buf_printf(b,
               "SELECT current_setting('server_version_num')::int, version(),"
               " getdatabaseencoding() NOT IN ('UTF8', 'SQL_ASCII'),"
               " current_database(), s.slot_name IS NOT NULL, s.slot_type, s.plugin, s.database,"
               " s.confirmed_flush_lsn, to_jsonb(s)->>'wal_status',"
               " coalesce(to_jsonb(s)->>'invalidation_reason',"
               " CASE WHEN (to_jsonb(s)->>'conflicting')::bool THEN 'conflict with recovery' END),"
               " coalesce((to_jsonb(s)->>'two_phase')::bool, false),"
               " coalesce((to_jsonb(s)->>'temporary')::bool, false), " WAL_END
               " FROM (SELECT 1) one LEFT JOIN pg_replication_slots s ON s.slot_name = '%s'",
               slot);
}

enum {
    COL_VERSION,
    COL_VERSION_TEXT,
    COL_CONVERTS,
    COL_CURRENT,
    COL_EXISTS,
    COL_TYPE,
    COL_PLUGIN,
    COL_DATABASE,
    COL_CONFIRMED,
    COL_WAL_STATUS,
    COL_INVALID,
    COL_TWO_PHASE,
    COL_TEMPORARY,
    COL_END,
    N_COLS
};

void slot_sql_create(struct buf *b, const char *slot)
{
    buf_printf(b, "SELECT lsn FROM pg_create_logical_replication_slot('%s', 'test_decoding')",
               slot);
}

void slot_sql_end(struct buf *b, const char *slot)
{
    buf_printf(b,
               "SELECT " WAL_END ", (SELECT confirmed_flush_lsn FROM pg_replication_slots"
               " WHERE slot_name = '%s')",
               slot);
}

void slot_sql_peek(struct buf *b, const char *slot, lsn_t upto, uint64_t changes)
{
    char lsn[LSN_TEXT];

    buf_printf(b,
               "COPY (SELECT lsn, xid, data FROM pg_logical_slot_peek_changes('%s', '%s', %" PRIu64
               ", 'include-xids', '1', 'include-timestamp', '1')) TO STDOUT (FORMAT binary)",
               slot, lsn_text(lsn, upto), changes);
}

void slot_sql_advance(struct buf *b, const char *slot, lsn_t to)
{
    char lsn[LSN_TEXT], before[LSN_TEXT];

    buf_printf(b,
               "SELECT end_lsn FROM (SELECT " WAL_END " AS wal OFFSET 0) w,"
               " pg_replication_slot_advance('%s', CASE WHEN wal > '%s' THEN '%s'::pg_lsn"
               " WHEN wal = '%s' THEN '%s'::pg_lsn END) WHERE end_lsn IS NOT NULL",
               slot, lsn_text(lsn, to), lsn, lsn, lsn_text(before, to - 1));
}

void slot_sql_settle(struct buf *b, const char *slot, lsn_t to)
{
    char lsn[LSN_TEXT];

    buf_printf(b, "SELECT count(*) FROM pg_logical_slot_get_changes('%s', '%s', NULL)", slot,
               lsn_text(lsn, to));
}

static bool is_true(const PGresult *res, int col)
{
    return PQgetvalue(res, 0, col)[0] == 't';
}

static int check_usable(const PGresult *res, const char *slot, struct err *e)
{
    const char *plugin = PQgetvalue(res, 0, COL_PLUGIN);
    const char *database = PQgetvalue(res, 0, COL_DATABASE);
    const char *current = PQgetvalue(res, 0, COL_CURRENT);
    const char *reason = PQgetvalue(res, 0, COL_INVALID);

    if (strcmp(PQgetvalue(res, 0, COL_TYPE), "logical") != 0)
        return err_set(e, ERR_SOURCE, "slot %s is a physical slot; walferry needs a logical one",
                       slot);
    if (strcmp(plugin, "test_decoding") != 0)
        return err_set(e, ERR_SOURCE, "slot %s uses the plugin %s; walferry needs test_decoding",
                       slot, plugin);
    if (strcmp(database, current) != 0)
        return err_set(e, ERR_SOURCE, "slot %s belongs to database %s, but this is database %s",
                       slot, database, current);
    if (is_true(res, COL_TWO_PHASE))
        return err_set(e, ERR_SOURCE,
                       "slot %s has two-phase decoding on, under which a transaction is shown "
                       "before it is committed; make it again without",
                       slot);
    if (is_true(res, COL_TEMPORARY))
        return err_set(e, ERR_SOURCE, "slot %s is temporary: it ends with the session that made it",
                       slot);
    if (reason[0] || strcmp(PQgetvalue(res, 0, COL_WAL_STATUS), "lost") == 0)
        return err_set(e, ERR_SOURCE,
                       "slot %s is invalidated (%s): changes since %s are gone from the WAL. Raise "
                       "max_slot_wal_keep_size, drop and make the slot again, and load the tables "
                       "anew",
                       slot, reason[0] ? reason : "wal_removed", PQgetvalue(res, 0, COL_CONFIRMED));
    return 0;
}

int slot_inspect(struct slot_info *out, const PGresult *res, const char *slot, struct err *e)
{
    *out = (struct slot_info){0};
    if (PQntuples(res) != 1 || PQnfields(res) != N_COLS)
        return err_set(e, ERR_SOURCE, "slot %s: not the answer to the question", slot);
    if (strtol(PQgetvalue(res, 0, COL_VERSION), NULL, 10) < OLDEST_SERVER)
        return err_set(e, ERR_SOURCE, "%s is too old: walferry needs PostgreSQL 11 or later",
                       PQgetvalue(res, 0, COL_VERSION_TEXT));
    out->converts = is_true(res, COL_CONVERTS);
    out->exists = is_true(res, COL_EXISTS);
    if (!out->exists)
        return 0;
    if (check_usable(res, slot, e) < 0)
        return -1;
    if (!lsn_parse(&out->confirmed, slice_str(PQgetvalue(res, 0, COL_CONFIRMED))) ||
        !lsn_parse(&out->end, slice_str(PQgetvalue(res, 0, COL_END))))
        return err_set(e, ERR_SOURCE, "slot %s has no confirmed position", slot);
    return 0;
}

/* Classes and codes that pass by themselves: see PostgreSQL's Appendix A. */
static bool passes(const char *state)
{
    static const char *const class[] = {"08", "40", "53", "57"};

    for (size_t i = 0; i < sizeof class / sizeof class[0]; i++)
        if (strncmp(state, class[i], 2) == 0)
            return true;
    return false;
}

enum slot_fault slot_fault(const PGresult *res, const char *slot, struct err *e)
{
    const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = "";

    state = state ? state : "?????";
    message = message ? message : "no message";
    if (strcmp(state, "55006") == 0)
        hint = "; waiting for it";
    else if (strcmp(state, "42704") == 0)
        hint = "; it was dropped or lost in a failover: changes since may be missing, so walferry "
               "doesn't make it anew by itself";
    else if (strcmp(state, "55000") == 0)
        hint = "; if max_slot_wal_keep_size cut its WAL off, changes are gone: make the slot again "
               "and load the tables anew";
    else if (strcmp(state, "42501") == 0)
        hint = "; the role needs REPLICATION (on RDS: GRANT rds_replication)";
    else if (strcmp(state, "XX000") == 0 && strstr(message, "invalid memory alloc"))
        hint = "; a row's text is over 1 GB, which the server can't print: the slot must be "
               "advanced past it by hand";
    err_set(e, ERR_SOURCE, "slot %s: %s (SQLSTATE %s)%s%s%s", slot, message, state,
            detail ? ": " : "", detail ? detail : "", hint);
    if (strcmp(state, "55006") == 0)
        return FAULT_BUSY;
    return passes(state) ? FAULT_AGAIN : FAULT_FATAL;
}
