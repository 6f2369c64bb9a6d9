"""The slot: created, refused, waited for, followed, and never behind without need."""
import json
import os
import signal
import time

import psycopg2
import pytest

from harness import checker, postgres, proc, scenario, walferry, workload

SLOT = "app"


def flags(db, *more) -> list[str]:
    return ["run", "--dsn", db.dsn, "--slot", SLOT, "--sink", "stdout", "--once", *more]


def refused(db, *more) -> str:
    """The run ends as refused by the database; what it says."""
    done = walferry.execute(*flags(db, *more))
    assert done.code == walferry.DATABASE, done.err
    assert done.out == b""
    return done.err


def test_missing_slot_is_fatal_and_not_created(db):
    assert SLOT in refused(db)
    assert db.slot(SLOT, "slot_name") is None


def test_create_slot(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1)")
    assert walferry.once(db, SLOT, "--create-slot").lines == []
    assert db.slot(SLOT, "plugin") == "test_decoding"
    db.sql("INSERT INTO t VALUES (2)")
    assert len(walferry.once(db, SLOT, "--create-slot").lines) == 1


def test_once_drains_acknowledges_and_ends(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    db.sql("INSERT INTO t SELECT generate_series(1, 1000)")
    end = db.flush_lsn()
    assert len(walferry.once(db, SLOT).lines) == 1000
    assert db.peek(SLOT) == [] and db.slot_reached(SLOT, end)
    assert walferry.once(db, SLOT).lines == []


def test_slot_of_another_plugin_database_or_kind(db15):
    db15.sql(f"SELECT pg_create_logical_replication_slot('{SLOT}', 'pgoutput')")
    assert "pgoutput" in refused(db15)
    db15.sql(f"SELECT pg_drop_replication_slot('{SLOT}')")
    db15.sql(f"SELECT pg_create_physical_replication_slot('{SLOT}')")
    try:
        assert "physical" in refused(db15)
    finally:
        db15.sql(f"SELECT pg_drop_replication_slot('{SLOT}')")
    with postgres.database(db15.server, "elsewhere") as other:
        other.create_slot(SLOT)
        assert "elsewhere" in refused(db15)


def test_role_without_replication(db15):
    db15.create_slot(SLOT)
    db15.sql("CREATE ROLE nobody_special LOGIN")
    try:
        other = db15.dsn.replace("user=postgres", "user=nobody_special")
        done = walferry.execute("run", "--dsn", other, "--slot", SLOT, "--sink", "stdout", "--once")
        assert done.code == walferry.DATABASE and "REPLICATION" in done.err, done.err
    finally:
        db15.sql("DROP ROLE nobody_special")


def test_two_phase_transactions_come_at_their_commit(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    db.sql("BEGIN; INSERT INTO t VALUES (1); PREPARE TRANSACTION 'it''s'")
    db.sql("INSERT INTO t VALUES (2)")
    first = walferry.once(db, SLOT, "--format", "json").records
    db.sql("COMMIT PREPARED 'it''s'")
    second = walferry.once(db, SLOT, "--format", "json").records
    assert [r["key"]["id"] for r in first + second] == [2, 1]


def test_busy_slot_is_waited_for(db, scratch):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    db.sql("INSERT INTO t SELECT generate_series(1, 10)")
    holder = hold_slot(db)
    try:
        with walferry.daemon(db, SLOT, scratch) as program:
            program.wait_log("busy")
            assert program.out() == []
            proc.stop(holder)
            program.wait_for("10 records", lambda: len(program.out()) == 10)
            assert program.stop() == walferry.OK
    finally:
        proc.stop(holder)


def hold_slot(db):
    """pg_recvlogical streams the slot without ever confirming anything."""
    binary = postgres._native(postgres.DEBIAN_MAJOR) / "bin/pg_recvlogical"
    with open(os.devnull, "wb") as null:
        holder = proc.spawn([binary, "-d", db.dsn, "--slot", SLOT, "--start", "-f", "-",
                             "--status-interval", "0", "--fsync-interval", "0"], stdout=null,
                            stderr=null)
    proc.wait_until("slot is held", lambda: db.slot(SLOT, "active"))
    return holder


def test_second_instance_waits_and_takes_over(db, scratch):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    for name in ("first", "second"):
        (scratch / name).mkdir()
    with walferry.daemon(db, SLOT, scratch / "first") as first:
        db.sql("INSERT INTO t VALUES (1)")
        first.wait_for("a record", lambda: len(first.out()) == 1)
        with walferry.daemon(db, SLOT, scratch / "second") as second:
            second.wait_log("another")
            db.sql("INSERT INTO t VALUES (2)")
            first.wait_for("two records", lambda: len(first.out()) == 2)
            assert second.out() == []
            first.kill()
            db.sql("INSERT INTO t VALUES (3)")
            second.wait_for("the third", lambda: any('"3"' in x for x in second.out()), 30)
            assert second.stop() == walferry.OK


def test_slot_dropped_while_running_is_fatal(db, scratch):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    with walferry.daemon(db, SLOT, scratch) as program:
        program.wait_log("connected")

        def drop() -> bool:  # it is in use now and then
            try:
                db.sql(f"SELECT pg_drop_replication_slot('{SLOT}')")
            except psycopg2.errors.ObjectInUse:
                return False
            return True

        proc.wait_until("slot dropped", drop)
        db.sql("INSERT INTO t VALUES (1)")
        assert program.wait(30) == walferry.DATABASE
        assert db.slot(SLOT, "slot_name") is None


@pytest.mark.parametrize("major", [m for m in postgres.MAJORS if m >= 13])
def test_invalidated_slot_is_fatal_with_the_reason(major):
    settings = {"max_slot_wal_keep_size": "'16MB'", "max_wal_size": "'32MB'",
                "min_wal_size": "'32MB'"}
    with postgres.start(major, **settings) as server, postgres.database(server, "app") as db:
        db.sql("CREATE TABLE t (id int PRIMARY KEY)")
        db.create_slot(SLOT)
        db.sql("INSERT INTO t VALUES (1)")

        def lose_it() -> bool:
            db.sql("SELECT pg_switch_wal()")
            db.sql("CREATE TABLE IF NOT EXISTS filler (x text)")
            db.sql("INSERT INTO filler SELECT repeat('x', 1000) FROM generate_series(1, 20000)")
            db.sql("CHECKPOINT")
            return db.slot(SLOT, "wal_status") == "lost"

        proc.wait_until("slot is lost", lose_it, 60)
        assert "max_slot_wal_keep_size" in refused(db)


def test_slot_follows_although_nothing_is_ours(db, scratch):
    """A quiet table in a busy cluster: WAL of other databases must not pile up."""
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    with postgres.database(db.server, f"busy_{db.name}") as busy:
        busy.sql("CREATE TABLE x (t text)")
        with walferry.daemon(db, SLOT, scratch) as program:
            program.wait_log("connected")
            for _ in range(3):
                busy.sql("INSERT INTO x SELECT repeat('x', 500) FROM generate_series(1, 2000)")
                scenario.wait_drained(program, db, SLOT)
            db.sql("INSERT INTO t VALUES (1)")
            program.wait_for("our record", lambda: len(program.out()) == 1)
            assert program.stop() == walferry.OK


def test_nothing_is_asked_when_nothing_happens(db15, scratch):
    """No peek when the flush LSN hasn't moved."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db15.create_slot(SLOT)
    db15.sql("CHECKPOINT")
    with walferry.daemon(db15, SLOT, scratch, "--log-level", "debug") as program:
        scenario.wait_drained(program, db15, SLOT)
        counts = "SELECT total_txns FROM pg_stat_replication_slots WHERE slot_name = %s"

        def seen() -> tuple:
            return db15.flush_lsn(), db15.slot(SLOT, "restart_lsn"), db15.value(counts, SLOT)

        # The server writes WAL of its own now and then (running-xacts records, autovacuum), not
        # in every second; if walferry wrote any, or peeked without need, no second would be quiet.
        for _ in range(8):
            before = seen()
            time.sleep(1)
            if (after := seen()) == before:
                break
        assert after == before
        assert program.stop() == walferry.OK


def test_sigterm_delivers_advances_and_exits_0(db, scratch):
    db.sql(workload.SCHEMA)
    scenario.create_slots(db, SLOT)
    path = scratch / "changes"
    program = walferry.daemon(db, SLOT, scratch, "--format", "json", sink=f"file:{path}")
    with program, workload.Workload(db, seed=3):
        program.wait_for("some records", lambda: path.exists() and path.stat().st_size > 200_000)
        assert program.stop() == walferry.OK
    # What was written is acknowledged: going on brings the rest and nothing again.
    walferry.once(db, SLOT, "--format", "json", sink=f"file:{path}")
    verdict = scenario.judge_file(path, db, workload.TABLES)
    assert verdict.changes > 500


def test_second_signal_leaves_at_once(db15, scratch):
    """Nobody reads the pipe, so the first SIGTERM waits for its records to be taken."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    db15.create_slot(SLOT)
    db15.sql("INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(1, 5000) i")
    reader, writer = os.pipe()
    try:
        program = walferry.daemon(db15, SLOT, scratch, "--format", "json").start(stdout=writer)
        os.close(writer)
        with program:
            program.wait_for("a full pipe", lambda: pipe_bytes(reader) >= 60_000)
            program.signal(signal.SIGTERM)
            program.wait_log("stopping")
            time.sleep(0.3)
            assert program.child.poll() is None, "delivers what is in flight"
            program.signal(signal.SIGTERM)
            assert program.wait(5) != walferry.OK
    finally:
        os.close(reader)


def pipe_bytes(fd: int) -> int:
    """How much stands in a pipe."""
    import array
    import fcntl
    import termios

    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def test_database_restart_in_the_middle(scratch):
    for major in postgres.MAJORS:
        with postgres.start(major) as server:
            restart_in_the_middle(server, scratch, major)


def restart_in_the_middle(server, scratch, major: int) -> None:
    """Thrown out, refused, and back: nothing lost, replays only as a rewind."""
    db = postgres.Database(server, "postgres")
    db.sql(workload.SCHEMA)
    scenario.create_slots(db, SLOT)
    path = scratch / f"changes-{major}"
    program = walferry.daemon(db, SLOT, scratch, "--format", "json", sink=f"file:{path}")
    with program:
        for seed, sig in enumerate((signal.SIGINT, signal.SIGQUIT)):
            with workload.Workload(db, seed, sessions=2):
                time.sleep(0.5)
            server.restart(sig)
            db.reconnect()
        with workload.Workload(db, 9, sessions=2):
            time.sleep(0.5)
            db.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE application_name LIKE 'walferry%'")
            time.sleep(0.5)
        scenario.wait_drained(program, db, SLOT)
        assert program.stop() == walferry.OK
    verdict = scenario.judge_file(path, db, workload.TABLES, replays=True)
    assert verdict.changes > 300
    db.close()


def test_stalled_sink_lets_go_of_the_vacuum_horizon(db15, scratch):
    """After 30 s without a reader the peek is cancelled; all arrives when someone reads again."""
    rows, each = 60_000, 200  # many transactions: a single one would go to the spool whole
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    db15.create_slot(SLOT)
    db15.sql(f"""DO $$ BEGIN FOR n IN 0 .. {rows // each - 1} LOOP
                 INSERT INTO t SELECT n * {each} + i, repeat('x', 1000)
                 FROM generate_series(1, {each}) i;
                 COMMIT; END LOOP; END $$""")
    reader, writer = os.pipe()
    program = walferry.daemon(db15, SLOT, scratch, "--format", "json").start(stdout=writer)
    os.close(writer)
    horizon = ("SELECT count(*) FROM pg_stat_activity WHERE backend_xmin IS NOT NULL "
               "AND datname = current_database() AND pid <> pg_backend_pid()")
    with program, os.fdopen(reader, "rb") as out:
        program.wait_for("the peek holds the horizon", lambda: db15.value(horizon) > 0)
        begun = time.monotonic()
        program.wait_for("the horizon is free", lambda: db15.value(horizon) == 0, 60)
        assert 20 < time.monotonic() - begun < 45
        records = [checker.loads(out.readline()) for _ in range(rows)]
        positions = [checker.position(r) for r in records]
        checker.drop_replays(positions, "stdout")
        assert len(set(positions)) == rows
        scenario.wait_drained(program, db15, SLOT)
        assert program.stop() == walferry.OK
        assert out.read() == b""


@pytest.mark.parametrize("how", ["consumed", "made anew"])
def test_a_slot_that_somebody_else_moved_is_fatal(db, scratch, how):
    """While connected, too: what it skipped is never passed over."""
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    with walferry.daemon(db, SLOT, scratch) as program:
        db.sql("INSERT INTO t VALUES (1)")
        program.wait_for("the slot follows", lambda: db.slot_reached(SLOT, db.flush_lsn()))
        program.signal(signal.SIGSTOP)
        db.sql("INSERT INTO t VALUES (2)")
        if how == "consumed":
            db.sql(f"SELECT pg_logical_slot_get_changes('{SLOT}', NULL, NULL)")
        else:
            db.sql(f"SELECT pg_drop_replication_slot('{SLOT}')")
            db.create_slot(SLOT)
        program.signal(signal.SIGCONT)
        assert program.wait() == walferry.DATABASE
        assert "may be missing" in json.dumps(program.log())


def test_a_standby_instance_goes_on_from_where_its_peer_brought_the_slot(db15, scratch):
    """One that lost the lock to another takes over again: that slot moved is no gap."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db15.create_slot(SLOT)
    for name in "first", "second":
        (scratch / name).mkdir()
    with walferry.daemon(db15, SLOT, scratch / "first") as first:
        first.wait_log("connected")
        with walferry.daemon(db15, SLOT, scratch / "second") as second:
            second.wait_log("waiting")
            first.signal(signal.SIGSTOP)
            db15.sql("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' "
                     "AND granted")
            second.wait_log("connected")
            db15.sql("INSERT INTO t VALUES (1)")
            second.wait_for("the slot follows", lambda: db15.slot_reached(SLOT, db15.flush_lsn()))
            first.signal(signal.SIGCONT)
            first.wait_log("waiting")
        db15.sql("INSERT INTO t VALUES (2)")
        first.wait_for("the slot follows", lambda: db15.slot_reached(SLOT, db15.flush_lsn()))
        assert first.stop() == walferry.OK
        assert [line[-3:-1] for line in first.out()] == ['2"']
