/* test_slot.c - slot names, the SQL about slots, and what the server's answers mean. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "source/slot.h"
#include "unit/helpers.h"
#include "unit/suites.h"

START_TEST(names)
{
    static const char *const good[] = {
        "a", "_", "0", "app_1", "abcdefghijklmnopqrstuvwxyz0123456789_abcdefghijklmnopqrstuvwxyz"};
    static const char *const bad[] = {
        "",    "App",
        "a-b", "a b",
        "a'b", "a\"b",
        "a;b", "a.b",
        "a\n", " a",
        "é",   "a%s",
        "a\\", "abcdefghijklmnopqrstuvwxyz0123456789_abcdefghijklmnopqrstuvwxyz0"};

    ck_assert_uint_eq(strlen(good[4]), 63);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        ck_assert_msg(slot_name_valid(good[i]), "%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(!slot_name_valid(bad[i]), "%s", bad[i]);
}
END_TEST

START_TEST(statements)
{
    struct buf b;

    buf_init(&b, 4096);
    slot_sql_peek(&b, "app", 0x16B374D848, 1000000);
    ck_assert_str_eq(buf_cstr(&b),
                     "COPY (SELECT lsn, xid, data FROM pg_logical_slot_peek_changes('app', "
                     "'16/B374D848', 1000000, 'include-xids', '1', 'include-timestamp', '1')) "
                     "TO STDOUT (FORMAT binary)");
    buf_clear(&b);
    slot_sql_advance(&b, "app", 0x1600000000);
    /* Never up to where the WAL ends: there the server may go further than it is asked to. */
    ck_has(buf_cstr(&b), "CASE WHEN wal > '16/0' THEN '16/0'::pg_lsn"
                         " WHEN wal = '16/0' THEN '15/FFFFFFFF'::pg_lsn END");
    buf_clear(&b);
    slot_sql_settle(&b, "app", 0x1600000000);
    ck_assert_str_eq(buf_cstr(&b),
                     "SELECT count(*) FROM pg_logical_slot_get_changes('app', '16/0', NULL)");
    buf_clear(&b);
    slot_sql_create(&b, "app");
    ck_assert_str_eq(buf_cstr(&b), "SELECT lsn FROM pg_create_logical_replication_slot('app', "
                                   "'test_decoding')");
    buf_clear(&b);
    slot_sql_end(&b, "app");
    ck_has(buf_cstr(&b), "confirmed_flush_lsn");
    /* The flush LSN: the insert or write LSN loses rows under synchronous_commit = off. */
    ck_has(buf_cstr(&b), "pg_current_wal_flush_lsn()");
    ck_has(buf_cstr(&b), "pg_last_wal_replay_lsn()");
    ck_assert_ptr_null(strstr(buf_cstr(&b), "insert_lsn"));
    ck_assert_ptr_null(strstr(buf_cstr(&b), "current_wal_lsn"));
    buf_clear(&b);
    slot_sql_inspect(&b, "app");
    ck_has(buf_cstr(&b), "s.slot_name = 'app'");
    ck_has(buf_cstr(&b), "pg_replication_slots");
    buf_free(&b);
}
END_TEST

/* One lock a slot: the same for the same name, others for others, always two 32-bit numbers. */
START_TEST(locks)
{
    static const char *const slots[] = {"app", "app2", "ppa", "a", "b", "_"};
    enum { SLOTS = sizeof slots / sizeof *slots };
    struct buf b[SLOTS], again;

    buf_init(&again, 1000);
    for (size_t i = 0; i < SLOTS; i++) {
        int first, second, end = 0;
        buf_init(&b[i], 1000);
        slot_sql_lock(&b[i], slots[i]);
        buf_clear(&again);
        slot_sql_lock(&again, slots[i]);
        ck_assert_str_eq(buf_cstr(&b[i]), buf_cstr(&again));
        ck_assert_int_eq(sscanf(buf_cstr(&b[i]), "SELECT pg_try_advisory_lock(%d, %d)%n", &first,
                                &second, &end),
                         2);
        ck_assert_uint_eq((size_t)end, b[i].n);
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(buf_cstr(&b[i]), buf_cstr(&b[k]));
    }
    for (size_t i = 0; i < SLOTS; i++)
        buf_free(&b[i]);
    buf_free(&again);
}
END_TEST

enum {
    VERSION,
    VERSION_TEXT,
    CONVERTS,
    CURRENT,
    EXISTS,
    TYPE,
    PLUGIN,
    DATABASE,
    CONFIRMED,
    WAL_STATUS,
    INVALID,
    TWO_PHASE,
    TEMPORARY,
    END,
    COLUMNS
};

static const char *const healthy[COLUMNS] = {
    "150020", "PostgreSQL 15.20", "f",        "shop", "t", "logical", "test_decoding",
    "shop",   "16/B374D848",      "reserved", NULL,   "f", "f",       "16/B374D900",
};

/* The healthy answer with one column changed. */
static PGresult *answer(int rows, int columns, int changed, const char *value)
{
    char name[] = "column";
    PGresAttDesc desc[COLUMNS + 1] = {0};
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK);

    for (int i = 0; i < columns; i++)
        desc[i].name = name;
    ck_assert_int_eq(PQsetResultAttrs(res, columns, desc), 1);
    for (int row = 0; row < rows; row++)
        for (int i = 0; i < columns && i < COLUMNS; i++) {
            const char *text = i == changed ? value : healthy[i];
            char *copy = text ? strdup(text) : NULL;
            ck_assert_int_eq(PQsetvalue(res, row, i, copy, copy ? (int)strlen(copy) : -1), 1);
            free(copy);
        }
    return res;
}

static int inspect(struct slot_info *info, PGresult *res, struct err *e)
{
    *e = (struct err){0};
    int got = slot_inspect(info, res, "app", e);

    PQclear(res);
    return got;
}

START_TEST(usable)
{
    struct slot_info info;
    struct err e;

    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS, -1, NULL), &e), 0);
    ck_assert(info.exists);
    ck_assert(!info.converts);
    ck_assert_uint_eq(info.confirmed, 0x16B374D848);
    ck_assert_uint_eq(info.end, 0x16B374D900);
    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS, CONVERTS, "t"), &e), 0);
    ck_assert(info.converts);
    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS, VERSION, "110000"), &e), 0);
    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS, VERSION, "180004"), &e), 0);
    /* Older servers don't say; these two still hold all. */
    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS, WAL_STATUS, NULL), &e), 0);
    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS, WAL_STATUS, "extended"), &e), 0);
    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS, WAL_STATUS, "unreserved"), &e), 0);
}
END_TEST

/* No slot isn't an error yet: it may be made. */
START_TEST(missing)
{
    struct slot_info info;
    struct err e;
    PGresult *res = answer(1, COLUMNS, EXISTS, "f");
    static char empty[] = "";

    for (int i = TYPE; i <= INVALID; i++)
        PQsetvalue(res, 0, i, empty, -1);
    ck_assert_int_eq(inspect(&info, res, &e), 0);
    ck_assert(!info.exists);
}
END_TEST

static const struct {
    int column;
    const char *value;
    const char *says[3];
} refusals[] = {
    {VERSION, "109999", {"PostgreSQL 15.20", "11"}},
    {VERSION, "100023", {"too old"}},
    {TYPE, "physical", {"app", "physical", "logical"}},
    {PLUGIN, "pgoutput", {"app", "pgoutput", "test_decoding"}},
    {PLUGIN, "wal2json", {"app", "wal2json", "test_decoding"}},
    {DATABASE, "other", {"app", "other", "shop"}},
    {TWO_PHASE, "t", {"app", "two-phase"}},
    {TEMPORARY, "t", {"app", "temporary"}},
    {WAL_STATUS, "lost", {"invalidated", "16/B374D848", "max_slot_wal_keep_size"}},
    {INVALID, "wal_removed", {"invalidated", "wal_removed", "max_slot_wal_keep_size"}},
    {INVALID, "conflict with recovery", {"app", "invalidated", "conflict with recovery"}},
    {INVALID, "idle_timeout", {"app", "invalidated", "idle_timeout"}},
    {CONFIRMED, NULL, {"app", "position"}},
    {CONFIRMED, "nonsense", {"app", "position"}},
};

START_TEST(refuses)
{
    struct slot_info info;
    struct err e;
    PGresult *res = answer(1, COLUMNS, refusals[_i].column, refusals[_i].value);

    ck_assert_int_eq(inspect(&info, res, &e), -1);
    ck_assert_int_eq(e.code, ERR_SOURCE);
    ck_one_line(e.text);
    for (int i = 0; i < 3 && refusals[_i].says[i]; i++)
        ck_has(e.text, refusals[_i].says[i]);
}
END_TEST

START_TEST(other_answers)
{
    struct slot_info info;
    struct err e;

    ck_assert_int_eq(inspect(&info, answer(0, COLUMNS, -1, NULL), &e), -1);
    ck_assert_int_eq(inspect(&info, answer(2, COLUMNS, -1, NULL), &e), -1);
    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS - 1, -1, NULL), &e), -1);
    ck_assert_int_eq(inspect(&info, answer(1, COLUMNS + 1, -1, NULL), &e), -1);
    ck_assert_int_eq(e.code, ERR_SOURCE);
    ck_has(e.text, "app");
}
END_TEST

/* --- errors, as libpq hands them over: from a server of a few bytes on a socket of our own ------
 */

struct server {
    int listening;
    int fd;
    PGconn *conn;
};

static int listen_at(const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    MUST(fd >= 0 && strlen(path) < sizeof a.sun_path);
    memcpy(a.sun_path, path, strlen(path));
    MUST(bind(fd, (struct sockaddr *)&a, sizeof a) == 0 && listen(fd, 1) == 0);
    return fd;
}

static void say(const struct server *s, const char *bytes, size_t n)
{
    MUST(send(s->fd, bytes, n, MSG_NOSIGNAL) == (ssize_t)n);
}

/* AuthenticationOk and ReadyForQuery, while libpq connects step by step. */
static void serve(struct server *s)
{
    char dsn[200];

    unlink(scratch_path(".s.PGSQL.5432"));
    s->listening = listen_at(scratch_path(".s.PGSQL.5432"));
    snprintf(dsn, sizeof dsn,
             "host=%s port=5432 user=u dbname=d sslmode=disable gssencmode=disable", scratch_dir());
    s->conn = PQconnectStart(dsn);
    MUST(s->conn != NULL && PQstatus(s->conn) != CONNECTION_BAD);
    PostgresPollingStatusType p = PGRES_POLLING_WRITING;
    s->fd = -1;
    for (int i = 0; i < 50 && p != PGRES_POLLING_OK && p != PGRES_POLLING_FAILED; i++) {
        if (p == PGRES_POLLING_READING && s->fd < 0) {
            s->fd = accept(s->listening, NULL, NULL);
            MUST(s->fd >= 0);
            say(s, "R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I", 15);
        }
        p = PQconnectPoll(s->conn);
    }
    MUST_SAY(p == PGRES_POLLING_OK, "%s", PQerrorMessage(s->conn));
}

static void end(struct server *s)
{
    PQfinish(s->conn);
    close(s->fd);
    close(s->listening);
    unlink(scratch_path(".s.PGSQL.5432"));
}

/* The result of a query that the server answers with this error; NULL fields aren't sent. */
static PGresult *error_result(struct server *s, const char *state, const char *message,
                              const char *detail)
{
    struct buf b;

    buf_init(&b, 4096);
    buf_puts(&b, "E");
    buf_put(&b, "\0\0\0\0SERROR", 11); /* the length comes last */
    buf_printf(&b, "C%s%cM%s%c", state, 0, message, 0);
    if (detail)
        buf_printf(&b, "D%s%c", detail, 0);
    buf_putc(&b, 0);
    b.p[3] = (unsigned char)((b.n - 1) >> 8);
    b.p[4] = (unsigned char)(b.n - 1);
    buf_put(&b, "Z\0\0\0\x05I", 6);
    MUST(!b.failed && PQsendQuery(s->conn, "SELECT 1") == 1);
    say(s, (const char *)b.p, b.n);
    buf_free(&b);
    PGresult *res = PQgetResult(s->conn);
    PQclear(PQgetResult(s->conn));
    MUST(PQresultStatus(res) == PGRES_FATAL_ERROR);
    return res;
}

static const struct {
    const char *state, *message, *detail;
    enum slot_fault fault;
    const char *says[3];
} faults[] = {
    {"55006", "replication slot \"app\" is active for PID 1", NULL, FAULT_BUSY, {"active"}},
    {"42704", "replication slot \"app\" does not exist", NULL, FAULT_FATAL, {"failover"}},
    {"55000",
     "can no longer get changes from replication slot \"app\"",
     "This slot has been invalidated.",
     FAULT_FATAL,
     {"can no longer get changes", "has been invalidated", "max_slot_wal_keep_size"}},
    {"42501",
     "must be superuser or replication role to use replication slots",
     NULL,
     FAULT_FATAL,
     {"REPLICATION", "rds_replication"}},
    {"XX000", "invalid memory alloc request size 1073741824", NULL, FAULT_FATAL, {"1 GB"}},
    {"XX000", "something else", NULL, FAULT_FATAL, {"something else"}},
    {"42601", "syntax error", NULL, FAULT_FATAL, {"syntax error"}},
    {"22023", "cannot advance replication slot to 0/1", NULL, FAULT_FATAL, {"cannot advance"}},
    {"57014", "canceling statement due to user request", NULL, FAULT_AGAIN, {"canceling"}},
    {"57P01", "terminating connection", NULL, FAULT_AGAIN, {"terminating"}},
    {"57P03", "the database system is starting up", NULL, FAULT_AGAIN, {"starting"}},
    {"53200", "out of memory", "Failed on request of size 10.", FAULT_AGAIN, {"size 10"}},
    {"53300", "sorry, too many clients already", NULL, FAULT_AGAIN, {"too many"}},
    {"53100", "could not write: No space left on device", NULL, FAULT_AGAIN, {"space"}},
    {"40001", "canceling statement due to conflict with recovery", NULL, FAULT_AGAIN, {"recovery"}},
    {"08006", "connection failure", NULL, FAULT_AGAIN, {"connection"}},
};

START_TEST(errors)
{
    struct server s;
    struct err e = {0};

    serve(&s);
    PGresult *res = error_result(&s, faults[_i].state, faults[_i].message, faults[_i].detail);
    ck_assert_int_eq(slot_fault(res, "app", &e), faults[_i].fault);
    ck_assert_int_eq(e.code, ERR_SOURCE);
    ck_has(e.text, "slot app");
    ck_has(e.text, faults[_i].state);
    ck_has(e.text, faults[_i].message);
    for (int i = 0; i < 3 && faults[_i].says[i]; i++)
        ck_has(e.text, faults[_i].says[i]);
    PQclear(res);
    end(&s);
}
END_TEST

START_TEST(error_without_fields)
{
    PGresult *res = PQmakeEmptyPGresult(NULL, PGRES_FATAL_ERROR);
    struct err e = {0};

    ck_assert_int_eq(slot_fault(res, "app", &e), FAULT_FATAL);
    ck_assert_int_eq(e.code, ERR_SOURCE);
    ck_has(e.text, "slot app");
    PQclear(res);
}
END_TEST

Suite *suite_slot(void)
{
    Suite *s = suite_create("slot");
    TCase *t = tcase_create("slot");

    tcase_add_unchecked_fixture(t, scratch_setup, scratch_teardown);
    tcase_add_test(t, names);
    tcase_add_test(t, statements);
    tcase_add_test(t, locks);
    tcase_add_test(t, usable);
    tcase_add_test(t, missing);
    tcase_add_loop_test(t, refuses, 0, sizeof refusals / sizeof *refusals);
    tcase_add_test(t, other_answers);
    tcase_add_loop_test(t, errors, 0, sizeof faults / sizeof *faults);
    tcase_add_test(t, error_without_fields);
    suite_add_tcase(s, t);
    return s;
}
