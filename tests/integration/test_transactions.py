"""Transactions: whole, in commit order, whatever their size and however they overlap."""
import pytest

from harness import scenario, walferry, workload

SLOT = "app"


def test_commit_order_not_begin_order(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    first, second = db.session(), db.session()
    for conn in (first, second):
        conn.autocommit = False
    with first.cursor() as a, second.cursor() as b:
        a.execute("INSERT INTO t VALUES (1)")
        b.execute("INSERT INTO t VALUES (2)")
        a.execute("INSERT INTO t VALUES (3)")
        second.commit()
        a.execute("INSERT INTO t VALUES (4)")
        first.commit()
    first.close()
    second.close()
    records = walferry.once(db, SLOT, "--format", "json").records
    assert [r["key"]["id"] for r in records] == [2, 1, 3, 4]


def test_rolled_back_work_is_not_published(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    db.sql("BEGIN; INSERT INTO t VALUES (1); ROLLBACK")
    db.sql("BEGIN; INSERT INTO t VALUES (2); SAVEPOINT s; INSERT INTO t VALUES (3); "
           "ROLLBACK TO s; INSERT INTO t VALUES (4); COMMIT")
    records = walferry.once(db, SLOT, "--format", "json").records
    assert [r["key"]["id"] for r in records] == [2, 4]


def test_every_kind_of_change_from_many_sessions(db, scratch):
    """Against a second slot, record by record; and applied, against the tables."""
    db.sql(workload.SCHEMA)
    scenario.create_slots(db, SLOT)
    path = scratch / "changes"
    program = walferry.daemon(db, SLOT, scratch, "--format", "json", sink=f"file:{path}")
    with program:
        with workload.Workload(db, seed=db.server.major):
            program.wait_for("a few thousand records",
                             lambda: path.exists() and path.stat().st_size > 1_000_000)
        scenario.wait_drained(program, db, SLOT)
        assert program.stop() == walferry.OK
    verdict = scenario.judge_file(path, db, workload.TABLES)
    assert verdict.changes > 3000 and verdict.rewinds == 0


def test_small_batches_lose_nothing(db, scratch):
    """Each peek brings about one transaction."""
    db.sql(workload.SCHEMA)
    scenario.create_slots(db, SLOT)
    with workload.Workload(db, seed=21, sessions=2):
        db.sql("SELECT pg_sleep(0.3)")
    path = scratch / "changes"
    walferry.once(db, SLOT, "--format", "json", "--batch-changes", "1", sink=f"file:{path}",
                  seconds=100)
    assert scenario.judge_file(path, db, workload.TABLES).changes > 50


@pytest.mark.parametrize("memory", ["64kB", "32MB"])
def test_transaction_larger_than_its_memory(db15, scratch, memory):
    rows, width = 40_000, 500
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    db15.create_slot(SLOT)
    db15.sql(f"INSERT INTO t SELECT i, repeat(chr(97 + i % 26), {width}) "
             f"FROM generate_series(1, {rows}) i")
    spool, path = scratch / "spool", scratch / "changes"
    spool.mkdir()
    program = walferry.daemon(db15, SLOT, scratch, "--format", "json", "--txn-memory", memory,
                              "--spool-dir", spool, sink=f"file:{path}")
    with program:
        scenario.wait_drained(program, db15, SLOT)
        peak = program.peak_rss()
        assert list(spool.iterdir()) == [], "the spool file has no name"
        assert program.stop() == walferry.OK
    with open(path, "rb") as lines:
        ids = [int(line.split(b'"key":{"id":', 1)[1].split(b"}", 1)[0]) for line in lines]
    assert ids == list(range(1, rows + 1))
    assert walferry.PATIENCE > 1 or peak < 64 << 20


def test_missing_spool_directory_is_said(db15):
    """At the start, not in the middle of the first large transaction."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    db15.create_slot(SLOT)
    db15.sql("INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 10000) i")
    done = walferry.execute("run", "--dsn", db15.dsn, "--slot", SLOT, "--sink", "stdout", "--once",
                            "--spool-dir", "/nonexistent/spool")
    assert (done.code, done.out) == (walferry.USAGE, b"") and "/nonexistent/spool" in done.err
    assert db15.peek(SLOT)
