"""The primary-key cache: tables that come, change and go while walferry runs."""
import json
import signal
import time

from harness import walferry

SLOT = "app"


def keys_of(lines: list[str]) -> list[tuple[str, dict]]:
    return [(r["table"], r["key"]) for r in map(json.loads, lines)]


def wait_lines(program: walferry.Walferry, count: int) -> list[str]:
    """At least that many records have been printed."""
    program.wait_for(f"{count} records", lambda: len(program.out()) >= count)
    return program.out()


def test_table_made_after_the_start(db, scratch):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    with walferry.daemon(db, SLOT, scratch, "--format", "json") as program:
        db.sql("INSERT INTO t VALUES (1)")
        wait_lines(program, 1)
        db.sql("CREATE TABLE later (a text, b int, PRIMARY KEY (b, a))")
        db.sql("INSERT INTO later VALUES ('x', 2)")
        assert keys_of(wait_lines(program, 2)) == [("t", {"id": 1}), ("later", {"b": 2, "a": "x"})]
        assert program.stop() == walferry.OK


def test_table_made_and_filled_in_one_transaction(db, scratch):
    db.create_slot(SLOT)
    with walferry.daemon(db, SLOT, scratch, "--format", "json") as program:
        db.sql("BEGIN; CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); "
               "ALTER TABLE t RENAME TO u; INSERT INTO u VALUES (2); COMMIT")
        db.sql("INSERT INTO u VALUES (3)")
        lines = program.wait_for("the last row", lambda: [
            x for x in keys_of(program.out()) if x == ("u", {"id": 3})])
        assert lines and ("u", {"id": 2}) in keys_of(program.out())
        assert program.stop() == walferry.OK


def test_key_column_renamed_under_way(db, scratch):
    """The catalog is as of now, names in a row are as of the change: both must be found."""
    db.sql("CREATE TABLE t (id int PRIMARY KEY, v int)")
    db.create_slot(SLOT)
    with walferry.daemon(db, SLOT, scratch, "--format", "json") as program:
        db.sql("INSERT INTO t VALUES (1, 0)")
        wait_lines(program, 1)
        db.sql("ALTER TABLE t RENAME id TO ident")
        db.sql("INSERT INTO t VALUES (2, 0)")
        assert keys_of(wait_lines(program, 2))[1] == ("t", {"ident": 2})
        assert program.stop() == walferry.OK


def test_table_without_key_is_skipped_and_said_once(db, scratch):
    db.sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE nokey (n int)")
    db.create_slot(SLOT)
    with walferry.daemon(db, SLOT, scratch, "--format", "json") as program:
        for i in range(3):
            db.sql("INSERT INTO nokey VALUES (1), (2)")
            db.sql("INSERT INTO t VALUES (%s)", i)
        assert keys_of(wait_lines(program, 3)) == [("t", {"id": i}) for i in range(3)]
        assert len([x for x in program.log() if x.get("table") == "public.nokey"]) == 1
        assert program.stop() == walferry.OK
        # Counted: the closing line says how many changes weren't published.
        assert any(6 in line.values() for line in program.log()), program.log()[-1]


def test_key_added_to_a_table_is_seen_after_sighup(db15, scratch):
    db15.sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE nokey (n int NOT NULL)")
    db15.create_slot(SLOT)
    with walferry.daemon(db15, SLOT, scratch, "--format", "json") as program:
        db15.sql("INSERT INTO nokey VALUES (1)")
        program.wait_log("public.nokey")
        db15.sql("ALTER TABLE nokey ADD PRIMARY KEY (n)")
        before = len(program.log())
        program.signal(signal.SIGHUP)
        line = program.wait_log("tables", after=before)
        assert 2 in line.values(), f"says how many tables: {line}"
        db15.sql("INSERT INTO nokey VALUES (2)")
        assert keys_of(wait_lines(program, 1)) == [("nokey", {"n": 2})]
        assert program.stop() == walferry.OK


def test_refresh_interval(db15, scratch):
    db15.sql("CREATE TABLE nokey (n int NOT NULL)")
    db15.create_slot(SLOT)
    with walferry.daemon(db15, SLOT, scratch, "--format", "json", "--refresh-interval",
                         "1s") as program:
        db15.sql("INSERT INTO nokey VALUES (1)")
        program.wait_log("public.nokey")
        db15.sql("ALTER TABLE nokey ADD PRIMARY KEY (n)")
        for n in range(2, 18):
            db15.sql("INSERT INTO nokey VALUES (%s)", n)
            time.sleep(0.1)
        assert keys_of(wait_lines(program, 1))[-1][0] == "nokey"
        assert program.stop() == walferry.OK


def test_key_is_found_by_a_role_that_may_only_select(db):
    """information_schema would hide the keys from it."""
    db.sql("CREATE TABLE t (x text, id int PRIMARY KEY); CREATE TABLE hidden (id int PRIMARY KEY)")
    role = f"reader_{db.name}"
    db.sql(f"CREATE ROLE {role} LOGIN REPLICATION; GRANT SELECT ON t TO {role}")
    try:
        db.create_slot(SLOT)
        db.sql("INSERT INTO t VALUES ('a', 1); INSERT INTO hidden VALUES (2)")
        done = walferry.execute("run", "--dsn", db.dsn.replace("user=postgres", f"user={role}"),
                                "--slot", SLOT, "--sink", "stdout", "--once", "--format", "json")
        assert done.code == walferry.OK, done.err
        assert keys_of(done.lines) == [("t", {"id": 1}), ("hidden", {"id": 2})]
    finally:
        db.sql(f"REVOKE ALL ON t FROM {role}; DROP ROLE {role}")


def test_table_dropped_before_it_was_read(db):
    """Its key can't be known any more: not published, said once, and nothing else is lost."""
    db.sql("CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE gone (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    db.sql("INSERT INTO gone VALUES (1), (2)")
    db.sql("DROP TABLE gone")
    db.sql("INSERT INTO t VALUES (1)")
    done = walferry.once(db, SLOT, "--format", "json")
    assert keys_of(done.lines) == [("t", {"id": 1})]
    assert len([x for x in done.log if x.get("table") == "public.gone"]) == 1


def test_a_key_that_is_added_later_is_seen_at_once(db, scratch):
    """As pg_dump writes it: the table, its rows, then its key."""
    db.create_slot(SLOT)
    with walferry.daemon(db, SLOT, scratch) as program:
        program.wait_log("connected")
        db.sql("CREATE TABLE dumped (id int)")
        db.sql("INSERT INTO dumped VALUES (1)")
        program.wait_log("no primary key")
        db.sql("ALTER TABLE dumped ADD PRIMARY KEY (id)")
        db.sql("INSERT INTO dumped VALUES (2)")
        program.wait_for("the slot follows", lambda: db.slot_reached(SLOT, db.flush_lsn()))
        assert program.stop() == walferry.OK
        assert len(program.out()) == 1
