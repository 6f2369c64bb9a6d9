"""The Kinesis sink against a real API: packing, order under faults, limits, credentials."""
import json
import re
import time
from collections import defaultdict

import pytest

from harness import checker, kinesis, proc, scenario, walferry, workload

SLOT = "app"


@pytest.fixture
def filled(db15):
    """Changes of two tables in the slot."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, v text); "
             "CREATE TABLE c (a text, b int, PRIMARY KEY (a, b))")
    db15.create_slot(SLOT)
    db15.sql("INSERT INTO t SELECT i, 'x' FROM generate_series(1, 300) i")
    db15.sql("INSERT INTO c SELECT 'ü' || i, i FROM generate_series(1, 100) i")
    return db15


def publish(db, emulator, stream: str, *flags, **more) -> walferry.Done:
    return walferry.once(db, SLOT, "--format", "json", *walferry.kinesis_flags(emulator), *flags,
                         sink=f"kinesis:{stream}", env=kinesis.KEYS, **more)


def test_kpl_is_the_default_and_others_can_read_it(filled, emulator, stream):
    publish(filled, emulator, stream, "--partition-key", "pk")
    records = emulator.read(stream)
    assert len(records) == 400
    assert all(r.sub is not None for r in records)
    assert len({r.sequence for r in records}) < 20, "many in one Kinesis record"
    assert len({r.shard for r in records}) == 2
    verdict, _ = checker.check(checker.shard_lanes(records), [
        e for e in expected_of(records)])
    assert verdict.changes == 400


def expected_of(records):
    """The records' own content in position order: for tests whose point isn't the content."""
    from harness.changes import Expected

    rows = sorted((checker.loads(r.data) for r in records), key=checker.position)
    return [Expected(r["pos"].partition(":")[0], int(r["xid"]), "", r["op"].upper(),
                     f"{r['schema']}.{r['table']}", checker.text_key(r)) for r in rows]


def test_pack_none_is_a_kinesis_record_each(filled, emulator, stream):
    publish(filled, emulator, stream, "--pack", "none", "--partition-key", "pk")
    records = emulator.read(stream)
    assert len(records) == 400 == len({r.sequence for r in records})
    assert all(r.sub is None for r in records)


def test_pack_lines_joins_with_newlines(filled, emulator, stream):
    publish(filled, emulator, stream, "--pack", "lines")
    records = emulator.read(stream)
    assert len(records) < 20
    ids = [json.loads(line)["key"] for r in records for line in r.data.splitlines()]
    assert len(ids) == 400


@pytest.mark.parametrize("flag, keys", [
    ("table", {"public.t", "public.c"}), ("const:one", {"one"})])
def test_partition_keys(filled, emulator, stream, flag, keys):
    publish(filled, emulator, stream, "--partition-key", flag)
    records = emulator.read(stream)
    assert {r.key for r in records} == keys
    by_key = defaultdict(set)
    for r in records:
        by_key[r.key].add(r.shard)
    assert all(len(shards) == 1 for shards in by_key.values()), "a key stays in one shard"


def test_partition_key_xid_and_pk(filled, emulator, stream):
    publish(filled, emulator, stream, "--partition-key", "xid")
    records = emulator.read(stream)
    assert all(r.key == str(json.loads(r.data)["xid"]) for r in records)
    filled.sql("UPDATE t SET v = 'y' WHERE id <= 50; UPDATE t SET v = 'z' WHERE id <= 50")
    publish(filled, emulator, stream, "--partition-key", "pk")
    by_row = defaultdict(set)
    for r in emulator.read(stream)[len(records):]:
        change = json.loads(r.data)
        by_row[change["table"], str(change["key"])].add((r.key, r.shard))
    later = [r for r in emulator.read(stream) if json.loads(r.data)["op"] == "update"]
    rows = defaultdict(set)
    for r in later:
        rows[str(json.loads(r.data)["key"])].add((r.key, r.shard))
    assert len(rows) == 50 and all(len(places) == 1 for places in rows.values())


@pytest.mark.parametrize("pack", ["kpl", "none"])
def test_order_is_kept_under_throttling_errors_and_lost_answers(db15, scratch, pack):
    """What Kinesis really does: refuses some of a call, fails, or stores without saying so."""
    db15.sql(workload.SCHEMA)
    scenario.create_slots(db15, SLOT)
    with kinesis.start(fail_records=0.2, fail_calls=0.1, drop_answers=0.1, seed=11) as emulator:
        emulator.create_stream("shaky", 3)
        program = walferry.daemon(db15, SLOT, scratch, "--format", "json", "--partition-key", "pk",
                                  "--pack", pack, *walferry.kinesis_flags(emulator),
                                  sink="kinesis:shaky", env=kinesis.KEYS)
        with program:
            with workload.Workload(db15, seed=5, sessions=2, pause=0.02):
                time.sleep(1.5)
            scenario.wait_drained(program, db15, SLOT, 100)
            assert program.stop() == walferry.OK
        records = emulator.read("shaky")
    verdict = scenario.judge_stream(records, db15, workload.TABLES, replays=True)
    assert verdict.changes > 200
    assert verdict.rewinds > 0, "no answer was lost: the test has tested nothing"


def test_emulator_that_comes_late_is_waited_for(filled, scratch):
    """Socket errors are tried again for ever, and nothing is acknowledged meanwhile."""
    port = proc.free_port()
    before = filled.slot(SLOT, "confirmed_flush_lsn")
    program = walferry.daemon(filled, SLOT, scratch, "--format", "json", "--endpoint-url",
                              f"http://127.0.0.1:{port}", "--region", "us-east-1",
                              sink="kinesis:late", env=kinesis.KEYS)
    with program:
        program.wait_log("retrying")
        assert filled.slot(SLOT, "confirmed_flush_lsn") == before
        with kinesis.start(port) as emulator:
            emulator.create_stream("late", 1)
            if program.child.poll() is None:  # it may have asked before the stream was there
                scenario.wait_drained(program, filled, SLOT)
                assert program.stop() == walferry.OK
                assert len(emulator.read("late")) == 400
            else:
                assert program.child.returncode == walferry.SINK
                publish(filled, emulator, "late")
                assert len(emulator.read("late")) == 400


def test_record_over_the_limit_stops_with_its_place(db15, emulator, stream):
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    db15.create_slot(SLOT)
    db15.sql("INSERT INTO t VALUES (1, 'small')")
    db15.sql("INSERT INTO t VALUES (2, repeat('x', 1200000))")
    db15.sql("INSERT INTO t VALUES (3, 'after')")
    commit = [lsn for lsn, _, data in db15.peek(SLOT) if data.startswith("COMMIT")][1]
    done = publish(db15, emulator, stream, code=walferry.TOO_LARGE)
    assert commit in done.err and re.search(r"\b12001\d\d bytes", done.err), "position and size"
    assert "xxxx" not in done.err, "no row's values in the log"
    assert not db15.slot_reached(SLOT, commit)
    ids = [json.loads(r.data)["key"]["id"] for r in emulator.read(stream)]
    assert ids in ([], [1])
    again = publish(db15, emulator, stream, code=walferry.TOO_LARGE)
    assert commit in again.err, "it is still there"


def test_record_just_under_the_limit(db15, emulator, stream):
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    db15.create_slot(SLOT)
    db15.sql("INSERT INTO t SELECT i, repeat('x', 1040000) FROM generate_series(1, 5) i")
    publish(db15, emulator, stream)
    assert [json.loads(r.data)["key"]["id"] for r in emulator.read(stream)] == [1, 2, 3, 4, 5]


def test_missing_stream_is_refused(filled, emulator):
    done = publish(filled, emulator, "no-such-stream", code=walferry.SINK)
    assert "no-such-stream" in done.err
    assert filled.peek(SLOT)


def test_credentials_from_the_shared_file(filled, emulator, stream, scratch):
    path = scratch / "credentials"
    kinesis.credentials_file(path, "mine")
    env = {"AWS_SHARED_CREDENTIALS_FILE": str(path), "AWS_PROFILE": "mine",
           "AWS_EC2_METADATA_DISABLED": "true"}
    walferry.once(filled, SLOT, *walferry.kinesis_flags(emulator), sink=f"kinesis:{stream}",
                  env=env)
    assert len(emulator.read(stream)) == 400


def test_no_credentials_are_said(filled, emulator, stream):
    done = walferry.execute("run", "--dsn", filled.dsn, "--slot", SLOT, "--once", "--sink",
                            f"kinesis:{stream}", *walferry.kinesis_flags(emulator),
                            env={"AWS_EC2_METADATA_DISABLED": "true"})
    assert done.code in (walferry.USAGE, walferry.SINK) and "credentials" in done.err.lower()
    assert filled.peek(SLOT)


def test_secret_is_never_logged(filled, emulator, stream):
    secret = "s3cr3t/abcdefghijklmnop"
    done = walferry.once(filled, SLOT, *walferry.kinesis_flags(emulator), "--log-level", "debug",
                         sink=f"kinesis:{stream}",
                         env={**kinesis.KEYS, "AWS_SECRET_ACCESS_KEY": secret})
    assert secret not in done.err and "public.t" not in done.err


def test_resharding_under_way(db15, emulator, scratch):
    """A split: what was for the parent is stored before the children get anything."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, n int)")
    db15.create_slot(SLOT)
    db15.sql("INSERT INTO t SELECT i, 0 FROM generate_series(1, 50) i")
    name = f"split-{db15.name}"
    emulator.create_stream(name, 1)
    client = emulator.client()
    program = walferry.daemon(db15, SLOT, scratch, "--format", "json", "--partition-key", "pk",
                              *walferry.kinesis_flags(emulator), sink=f"kinesis:{name}",
                              env=kinesis.KEYS)
    with program:
        scenario.wait_drained(program, db15, SLOT)
        shard = client.list_shards(StreamName=name)["Shards"][0]["ShardId"]
        client.split_shard(StreamName=name, ShardToSplit=shard, NewStartingHashKey=str(1 << 127))
        for n in range(1, 31):
            db15.sql("UPDATE t SET n = %s", n)
            time.sleep(0.05)
        scenario.wait_drained(program, db15, SLOT)
        assert program.stop() == walferry.OK
    records = emulator.read(name)  # parents before children: their ids come first
    assert len({r.shard for r in records}) == 3
    seen = defaultdict(list)
    for r in records:
        change = json.loads(r.data)
        # A consumer that has seen it drops what is stored again, as after any lost answer.
        if change["new"]["n"] not in seen[change["key"]["id"]]:
            seen[change["key"]["id"]].append(change["new"]["n"])
    assert set(map(tuple, seen.values())) == {tuple(range(31))} and len(seen) == 50
    for lane, rows in checker.shard_lanes(records).items():
        checker.drop_replays([checker.position(json.loads(row)) for row in rows], lane)
