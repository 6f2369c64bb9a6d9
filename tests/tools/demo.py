"""demo.py - make demo: a real PostgreSQL through walferry into a Kinesis API and back."""
import json
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from harness import kinesis, postgres, proc, scenario, walferry, workload  # noqa: E402

SLOT, STREAM, SHARDS = "app", "app-changes", 4
BIG = 200_000
TABLES = [*workload.TABLES, "public.made_later"]
OWN_DATABASE = """
For your own database, here one on Amazon RDS (README.md has the steps, from the parameter group to
the role), with the password in ~/.pgpass, and AWS credentials in the environment or in
~/.aws/credentials:

  walferry run \\
    --dsn "host=mydb.abcdefghijkl.eu-west-1.rds.amazonaws.com dbname=app user=walferry \\
           sslmode=verify-full sslrootcert=global-bundle.pem" \\
    --slot app --create-slot --format json --sink kinesis:app-changes --region eu-west-1
"""


def say(text: str = "") -> None:
    """A line of the story, at once."""
    print(text, flush=True)


def before_start(db: postgres.Database) -> None:
    """What is committed while walferry isn't running yet."""
    db.sql("INSERT INTO single SELECT i, 'name ' || i, i * 1.10, i % 2 = 0, now() "
           "FROM generate_series(1, 1000) i")
    db.sql("INSERT INTO composite SELECT 'eu', i, NULL FROM generate_series(1, 200) i")
    db.sql("UPDATE single SET id = -id WHERE id <= 50")
    db.sql("UPDATE composite SET region = 'us', id = id + 1000 WHERE id <= 20")
    db.sql("DELETE FROM single WHERE id > 900")


def while_running(db: postgres.Database) -> None:
    """What is committed under walferry's eyes."""
    db.sql("CREATE TABLE made_later (id int PRIMARY KEY, what text)")
    db.sql("INSERT INTO made_later VALUES (1, 'a table that walferry could not know at its start')")
    with workload.Workload(db, seed=1):
        db.sql("INSERT INTO bulk SELECT -i, repeat('x', 60) FROM generate_series(1, %s) i", BIG)
        time.sleep(2)
    db.sql("DELETE FROM made_later WHERE id = 1")
    db.sql("INSERT INTO made_later VALUES (2, 'the last change of all')")


def flags(emulator: kinesis.Emulator) -> list[str]:
    """What walferry is started with, but for the database."""
    return ["--format", "json", "--partition-key", "pk", *walferry.kinesis_flags(emulator)]


def publish(db: postgres.Database, emulator: kinesis.Emulator, root: Path) -> int:
    """Runs walferry as a daemon; its peak memory."""
    program = walferry.daemon(db, SLOT, root, *flags(emulator), sink=f"kinesis:{STREAM}",
                              env=kinesis.KEYS)
    say(f"3. walferry run --slot {SLOT} --sink kinesis:{STREAM} {' '.join(flags(emulator))}")
    with program:
        scenario.wait_drained(program, db, SLOT)
        say("   … has caught up with what was there. Now, as it runs: a new table, three sessions")
        say(f"   side by side with every kind of change, and a transaction of {BIG:,} rows.")
        while_running(db)
        scenario.wait_drained(program, db, SLOT, 120)
        peak = program.peak_rss()
        if (code := program.stop()) != 0:
            raise RuntimeError(f"walferry exited {code}: {program.log_path.read_text()}")
    return peak


def show_sample(records: list[kinesis.UserRecord]) -> None:
    """A record of each kind, as a consumer gets it."""
    kinds = {}
    for r in records:
        change = json.loads(r.data)
        kinds.setdefault((change["table"], change["op"]), r)
    say("\nA record of each kind, as read back:\n")
    for (_, _), r in sorted(kinds.items()):
        text = r.data.decode()
        say(f"  {r.shard[-2:]} {text if len(text) <= 230 else text[:227] + '…'}")


def show_summary(records: list[kinesis.UserRecord], peak: int, seconds: float) -> None:
    """What came out, in numbers."""
    counts = Counter((c["table"], c["op"]) for c in (json.loads(r.data) for r in records))
    joined = len({(r.shard, r.sequence) for r in records})
    ops = ["insert", "update", "delete"]
    say("\n" + f"  {'table':<12}" + "".join(f"{op + 's':>10}" for op in ops))
    for table in sorted({t for t, _ in counts}):
        say(f"  {table:<12}" + "".join(f"{counts[table, op]:>10,}" for op in ops))
    say(f"\n  {len(records):,} changes in {joined:,} Kinesis records on {SHARDS} shards, "
        f"{seconds:.1f} s, at most {peak / 2**20:.0f} MiB of memory")


def run() -> None:
    """The whole way through."""
    say("1. Starting a throw-away PostgreSQL 15 and a Kinesis emulator, both on loopback.")
    with proc.temp_dir() as root, postgres.start() as server, kinesis.start() as emulator:
        (root / "walferry").mkdir()
        with postgres.database(server, "app") as db:
            say(f"2. Slot {SLOT} (test_decoding), stream {STREAM} ({SHARDS} shards), and changes:")
            say("   inserts, key changes, composite keys, deletes.")
            db.sql(workload.SCHEMA)
            scenario.create_slots(db, SLOT)
            emulator.create_stream(STREAM, SHARDS)
            before_start(db)
            begun = time.monotonic()
            peak = publish(db, emulator, root / "walferry")
            took = time.monotonic() - begun
            say("4. Reading the stream back with the AWS SDK and AWS's own deaggregation.")
            records = emulator.read(STREAM)
            show_sample(records)
            verdict = scenario.judge_stream(records, db, TABLES)
            show_summary(records, peak, took)
            say(f"\nChecked against a second slot: all {verdict.changes:,} changes arrived, each "
                "once, each shard in\ncommit order; and applied to empty tables they make the "
                "tables that the server has.")
    say("PostgreSQL and the emulator are stopped, their data is removed.")


def main() -> int:
    """0 if every change arrived once and in order."""
    proc.exit_on_sigterm()
    try:
        run()
    except (AssertionError, RuntimeError, OSError) as e:
        print(f"\ndemo: FAILED: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    say(OWN_DATABASE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
