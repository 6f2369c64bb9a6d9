"""Random rows in random tables: what walferry says of them is what the server said of them.

WALFERRY_SEED=N repeats a run, WALFERRY_ROUNDTRIP_ROWS=N makes it longer (records, all majors
together).
"""
import os
import random
import signal

from harness import checker, postgres, random_tables, roundtrip, walferry

SLOT = "roundtrip"
SEED = int(os.environ.get("WALFERRY_SEED") or random.SystemRandom().randrange(1 << 32))
ROWS = int(os.environ.get("WALFERRY_ROUNDTRIP_ROWS") or 40_000)
ROWS_A_SECOND = 200  # even a sanitized build on a busy machine is faster
AT_ONCE = 6_000  # records of one set of tables; longer runs take more sets
TABLES = 16


def settings_of(rng: random.Random) -> list[str]:
    """Where transactions are cut into peeks, and what they are kept in, must not matter."""
    flags = rng.choice([[], ["--batch-changes", str(rng.randrange(1, 2000))]])
    return flags + rng.choice([[], ["--txn-memory", "64kB"]])


def round_trip(db, rng: random.Random, rows: int) -> roundtrip.Totals:
    """One set of tables."""
    tables = random_tables.make_tables(rng, db.server.major, TABLES)
    for table in tables:
        db.sql(table.ddl())
    db.create_slot(SLOT)
    writer = roundtrip.Writer(db, rng, tables)
    try:
        writer.write(rows)
    finally:
        writer.close()
    done = walferry.once(db, SLOT, "--format", "json", *settings_of(rng))
    records = [checker.loads(line) for line in done.out.split(b"\n")[:-1]]
    totals = roundtrip.compare(records, writer.wanted)
    db.sql(f"SELECT pg_drop_replication_slot('{SLOT}')")
    db.sql("".join(f"DROP TABLE {t.sql_name};" for t in tables))
    return totals


def test_every_row_is_what_the_server_says(db, capsys):
    """JSON by exact digits and texts: keys, new and old rows, order, nothing more, nothing less."""
    major, due = db.server.major, -(-ROWS // len(postgres.MAJORS))
    with capsys.disabled():
        print(f"\nround trip on PostgreSQL {major}: WALFERRY_SEED={SEED}", end=" ", flush=True)
    signal.alarm(60 + int(due / ROWS_A_SECOND * walferry.PATIENCE))  # instead of conftest's limit
    db.sql(random_tables.own_types())
    part = 0
    while due > 0:
        rng = random.Random(f"{SEED} {major} {part}")
        totals = round_trip(db, rng, min(due, AT_ONCE))
        due -= sum(totals.records.values())
        part += 1
        # It would prove little if one kind of change were missing, or most values not shown.
        assert set(totals.records) == {"insert", "update", "delete"}
        assert totals.unchanged < totals.values // 20
