"""bench.py - speed and memory against their bars, as ratios within one run."""
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/integration"))
from harness import postgres, proc, recorded, walferry  # noqa: E402

ROUNDS = 5
CHANGES = 500_000
TABLE = """CREATE TABLE orders (id bigint PRIMARY KEY, customer int, name varchar, amount numeric,
           active bool, created timestamptz, note text, tags text[], ref uuid)"""
ROW = """SELECT g, g % 1000, 'Jane O''Neill ' || g, g * 1.25, g % 2 = 0, now(),
         'hello world this is a note', '{a,b,c}'::text[], gen_random_uuid()"""
PEEK = """COPY (SELECT lsn, xid, data FROM pg_logical_slot_peek_changes('%s', NULL, NULL,
          'include-xids', '1', 'include-timestamp', '1')) TO STDOUT (FORMAT binary)"""
# Far from anything that would make the run a benchmark of checkpoints.
SETTINGS = {"max_wal_size": "16GB", "checkpoint_timeout": "'1h'", "shared_buffers": "256MB"}

BEYOND_CACHES = 256 << 20  # bytes

failures: list[str] = []


def bar(name: str, figure: float, bound: float, unit: str, at_most: bool = True) -> None:
    """Prints a figure beside its bar."""
    good = figure <= bound if at_most else figure >= bound
    print(f"  {name:<58} {figure:8.2f} {unit:<5} {'at most' if at_most else 'at least'}"
          f" {bound:g} {'ok' if good else 'MISSED'}")
    if not good:
        failures.append(name)


def timed(command: list, **more) -> tuple[float, float, int]:
    """
    Wall seconds, CPU seconds and peak resident kilobytes of a command that must succeed. That peak
    is at least this process's own size when the command was started: so it is kept small till
    then, and the rows of the parser's benchmark come last.
    """
    start = time.monotonic()
    child = subprocess.Popen([str(word) for word in command], stderr=subprocess.PIPE, **more)
    err = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - start
    if child.returncode:
        raise RuntimeError(f"{command[0]} failed: {err.decode()}")
    return took, usage.ru_utime + usage.ru_stime, usage.ru_maxrss


def copied_slot(db, name: str) -> str:
    """A slot at the backlog's start."""
    db.sql("SELECT pg_copy_logical_replication_slot('backlog', %s)", name)
    return name


def drain(db, slot: str, out: Path, *flags) -> tuple[float, float, int]:
    """walferry from the backlog's start to a file, acknowledged."""
    out.unlink(missing_ok=True)
    took = timed([walferry.BINARY, "run", "--dsn", db.dsn, "--slot", copied_slot(db, slot),
                  "--sink", f"file:{out}", "--once", "--log-level", "warn", *flags])
    left = db.value("SELECT count(*) FROM pg_logical_slot_peek_changes(%s, NULL, NULL)"
                    " WHERE data LIKE 'table %%'", slot)
    db.sql("SELECT pg_drop_replication_slot(%s)", slot)
    if left:
        raise RuntimeError(f"{left} changes were left on the slot")
    return took


def expect_lines(out: Path, want: int) -> None:
    """Nothing is measured that wasn't done."""
    with open(out, "rb") as lines:
        have = sum(block.count(b"\n") for block in iter(lambda: lines.read(1 << 20), b""))
    if have != want:
        raise RuntimeError(f"{have} records, expected {want}")


def psql_copy(db, native: Path) -> float:
    """What the server and the wire need by themselves."""
    sql = PEEK % "backlog"
    with open("/dev/null", "wb") as null:
        return timed([native / "bin/psql", "-XAtq", db.dsn, "-c", sql], stdout=null)[0]


def recvlogical(db, native: Path, out: Path, end: str) -> float:
    """The server's own client over the replication protocol, up to the same place."""
    out.unlink(missing_ok=True)
    slot = copied_slot(db, "received")
    took = timed([native / "bin/pg_recvlogical", "-d", db.dsn, "--slot", slot, "--start",
                  "--endpos", end, "--no-loop", "-f", out, "-o", "include-timestamp=1"],
                 stdout=subprocess.DEVNULL)[0]
    db.sql("SELECT pg_drop_replication_slot(%s)", slot)
    expect = CHANGES
    with open(out, "rb") as lines:
        have = sum(line.startswith(b"table ") for line in lines)
    if have != expect:
        raise RuntimeError(f"pg_recvlogical brought {have} changes, expected {expect}")
    return took


def commits(db, count: int, rows: int) -> None:
    """`count` transactions of `rows` rows each."""
    db.sql("CREATE OR REPLACE PROCEDURE fill(n int, size int) LANGUAGE plpgsql AS $$ BEGIN"
           f" FOR i IN 0..n - 1 LOOP INSERT INTO orders {ROW} FROM"
           " generate_series(i * size + 1, (i + 1) * size) g; COMMIT; END LOOP; END $$")
    db.sql("CALL fill(%s, %s)", count, rows)


def speed(db, native: Path, work: Path) -> None:
    """A backlog of half a million changes, three ways, turn about."""
    db.sql(TABLE)
    db.create_slot("backlog")
    commits(db, CHANGES // 100, 100)
    end = db.flush_lsn()
    db.sql("CHECKPOINT")
    out = work / "out"
    took: dict[str, list[float]] = {"psql": [], "walferry": [], "recv": [], "json": [], "cpu": []}
    psql_copy(db, native)  # a first pass warms the caches for all
    for _ in range(ROUNDS):
        took["psql"].append(psql_copy(db, native))
        wall, cpu, _ = drain(db, "drained", out)
        took["walferry"].append(wall)
        took["cpu"].append(cpu)
        expect_lines(out, CHANGES)
        took["json"].append(drain(db, "drained", out, "--format", "json")[0])
        expect_lines(out, CHANGES)
        took["recv"].append(recvlogical(db, native, out, end))
    middle = {name: statistics.median(values) for name, values in took.items()}
    print(f"\nDraining {CHANGES:,} changes, median of {ROUNDS} turns (seconds):")
    print(f"  psql COPY (peek) to /dev/null {middle['psql']:.2f}, walferry to a file"
          f" {middle['walferry']:.2f} (CPU {middle['cpu']:.2f}), with json {middle['json']:.2f},"
          f" pg_recvlogical to a file {middle['recv']:.2f}")
    bar("walferry / psql COPY", middle["walferry"] / middle["psql"], 1.25, "x")
    bar("walferry / pg_recvlogical", middle["walferry"] / middle["recv"], 1.0, "x")


def memory(db, work: Path, count: int, rows: int) -> None:
    """Peak resident memory for a number of transactions of a size."""
    db.sql(TABLE)
    db.create_slot("backlog")
    commits(db, count, rows)
    print(f"\nPeak resident memory, transactions: {count:,}, rows in each: {rows:,}")
    for form in ("csv-payload", "json"):
        _, _, peak = drain(db, "drained", work / "out", "--format", form)
        expect_lines(work / "out", count * rows)
        bar(form, peak / 1024, 64, "MiB")


def parser(work: Path) -> None:
    """The parser alone, beside a pass of memchr over the same bytes."""
    fixtures = list(recorded.rows())
    copies = 1 + BEYOND_CACHES // sum(map(len, fixtures))
    files = {"a row of 9 columns": recorded.orders(64), "all fixtures": fixtures,
             "the same, too many for any cache": fixtures * copies,
             "a row with one long value": [recorded.folded(postgres.DEBIAN_MAJOR)]}
    paths = [recorded.write(work / f"rows{i}", rows) for i, rows in enumerate(files.values())]
    lines = subprocess.run([TOP / "build/bench-parser", *paths], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    speeds = {}
    print("\nThe parser on one core, in GB/s:")
    print(f"  {'':<32} {'rows':>9} {'MB':>7} {'parser':>8} {'memchr':>8}")
    for name, line in zip(files, lines, strict=True):
        count, size, _, speeds[name], scan = map(float, line.split())
        print(f"  {name:<32} {count:9,.0f} {size / 1e6:7.2f} {speeds[name]:8.2f} {scan:8.2f}")
    bar("parser, 9 columns", speeds["a row of 9 columns"], 1.5, "GB/s", at_most=False)
    bar("parser, average of all fixtures", speeds["all fixtures"], 1.0, "GB/s", at_most=False)


def main() -> int:
    with proc.temp_dir() as work, postgres.start(**SETTINGS) as server:
        with postgres.database(server, "speed") as db:
            speed(db, server.native, work)
        with postgres.database(server, "large") as db:
            memory(db, work, 1, 2_000_000)
        with postgres.database(server, "small") as db:
            memory(db, work, 100_000, 1)
    with proc.temp_dir() as work:
        parser(work)
    print("\nmissed: " + ", ".join(failures) if failures else "\nevery bar is met")
    return 1 if failures else 0


if __name__ == "__main__":
    proc.exit_on_sigterm()
    sys.exit(main())
