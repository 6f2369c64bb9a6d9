"""record_fixtures.py - make fixtures: what every PostgreSQL major says of fixtures/sql/*.sql.

Each file runs, by psql, in a database of its own on each major, and makes a slot named fixture.
What the slot then holds is read as walferry reads it, and written to fixtures/MAJOR/NAME.rows; a
row that is too long to keep goes to NAME.folded. fixtures/README.md describes both.
"""
import argparse
import hashlib
import io
import re
import struct
import subprocess
import sys
from pathlib import Path
from typing import Iterator, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from harness import pinned, postgres, proc  # noqa: E402

FIXTURES = proc.TOP / "fixtures"
MAJORS = range(11, 19)
SLOT = "fixture"
LONGEST = 1 << 20  # bytes of a row that is kept as it is
UNIT = 1 << 12  # bytes of the longest unit that is looked for in a longer one
PSQL_SECONDS = 300
# Nothing may happen but what the file says: no analyze in between, no time-out.
SETTINGS = {"autovacuum": "off", "max_wal_size": "8GB", "logical_decoding_work_mem": "'4MB'"}


class Row(NamedTuple):
    """A row of the slot."""

    lsn: str
    xid: int
    text: bytes


class Fold(NamedTuple):
    """A long row as head + unit * count + tail."""

    head: bytes
    unit: bytes
    count: int
    tail: bytes


def native(major: int) -> Path:
    """Where a major is installed: those that tests use, or those that only recording needs."""
    name = f"node_modules/postgres-{major}/native"
    recording = proc.TOP / "build/tools/postgres-recording" / name
    if (recording / "bin/postgres").exists():
        return recording
    return postgres.Server(major, Path("/nonexistent"), {}).native


def install(majors: list[int]) -> None:
    """Debian's major comes with the test packages, all others from npm."""
    wanted = {"postgres" if m in postgres.MAJORS else "postgres-recording"
              for m in majors if m != postgres.DEBIAN_MAJOR}
    for name in sorted(wanted):
        subprocess.run(["sh", proc.TOP / "tests/tools/npm-install.sh", name], check=True)


def run_sql(db: postgres.Database, major: int, path: Path) -> None:
    """Runs a file by psql; its first error ends the recording."""
    flags = [f"--set=from{m}={'yes' if major >= m else 'no'}" for m in MAJORS]
    proc.run(["psql", "-X", "-q", "--set=ON_ERROR_STOP=1", *flags, "-o", "/dev/null", "-f", path,
              f"{db.dsn} client_encoding=UTF8"], seconds=PSQL_SECONDS, cwd="/")


def read_copy(data: memoryview) -> Iterator[tuple[bytes, ...]]:
    """The fields of each row of a binary COPY."""
    if data[:11] != b"PGCOPY\n\xff\r\n\0":
        raise RuntimeError("not a binary COPY")
    at = 19 + struct.unpack_from("!i", data, 15)[0]
    while (fields := struct.unpack_from("!h", data, at)[0]) != -1:
        at, found = at + 2, []
        for _ in range(fields):
            size = struct.unpack_from("!i", data, at)[0]
            found.append(bytes(data[at + 4:at + 4 + size]))
            at += 4 + size
        yield tuple(found)


def peek(db: postgres.Database) -> list[Row]:
    """All that the slot holds, read with walferry's statement under walferry's settings."""
    conn = db.session()
    out = io.BytesIO()
    try:
        with conn.cursor() as cursor:
            cursor.execute(pinned.settings())
            cursor.execute("SELECT pg_current_wal_flush_lsn()")
            upto = cursor.fetchone()[0]
            cursor.copy_expert("COPY (SELECT lsn, xid, data FROM pg_logical_slot_peek_changes("
                               f"'{SLOT}', '{upto}', 2147483647{pinned.options()})) "
                               "TO STDOUT (FORMAT binary)", out)
    finally:
        conn.close()
    rows = []
    for lsn, xid, text in read_copy(out.getbuffer()):
        high, low = struct.unpack("!II", lsn)
        rows.append(Row(f"{high:X}/{low:X}", struct.unpack("!I", xid)[0], text))
    return rows


def escape(text: bytes) -> str:
    r"""Only what would break a line, or isn't UTF-8, is escaped: \\ \n \r \0 \xHH."""
    shown = text.decode("utf-8", "surrogateescape").replace("\\", "\\\\")
    shown = shown.replace("\n", "\\n").replace("\r", "\\r").replace("\0", "\\0")
    return re.sub("[\udc80-\udcff]", lambda m: f"\\x{ord(m[0]) - 0xdc00:02x}", shown)


def fold(text: bytes) -> Fold:
    """Finds what a long row repeats: whatever its middle consists of."""
    middle = len(text) // 2
    size = text.find(text[middle:middle + 2 * UNIT], middle + 1) - middle
    if not 0 < size <= UNIT:
        raise RuntimeError(f"a row of {len(text)} bytes without a repeated unit")
    begin = middle
    for step in (size << 16, size, 1):
        while begin >= step and text[begin - step:begin] == text[begin - step + size:begin + size]:
            begin -= step
    unit = text[begin:begin + size]
    count = (len(text) - begin) // size
    while text[begin:begin + count * size] != unit * count:
        count -= 1
    return Fold(text[:begin], unit, count, text[begin + count * size:])


def folded(row: Row) -> str:
    """A long row, a field a line; proved to be what was read."""
    parts = fold(row.text)
    if parts.head + parts.unit * parts.count + parts.tail != row.text:
        raise RuntimeError("folded wrongly")
    fields = {"lsn": row.lsn, "xid": row.xid, "bytes": len(row.text),
              "sha256": hashlib.sha256(row.text).hexdigest(), "head": escape(parts.head),
              "unit": escape(parts.unit), "count": parts.count, "tail": escape(parts.tail)}
    return "".join(f"{name}\t{value}\n" for name, value in fields.items())


def write(directory: Path, name: str, rows: list[Row]) -> int:
    """Both files of a recording; how many bytes they have."""
    short = "".join(f"{r.lsn}\t{r.xid}\t{escape(r.text)}\n" for r in rows if len(r.text) <= LONGEST)
    long = "\n".join(folded(r) for r in rows if len(r.text) > LONGEST)
    size = 0
    for path, text in ((directory / f"{name}.rows", short), (directory / f"{name}.folded", long)):
        path.unlink(missing_ok=True)
        if text:
            path.write_text(text, encoding="utf-8", newline="")
            size += path.stat().st_size
    return size


def record(server: postgres.Server, path: Path) -> None:
    """One file on one major."""
    directory = FIXTURES / str(server.major)
    directory.mkdir(parents=True, exist_ok=True)
    with postgres.database(server, f"fixture_{path.stem}") as db:
        run_sql(db, server.major, path)
        rows = peek(db)
        if not any(not r.text.startswith((b"BEGIN", b"COMMIT")) for r in rows):
            raise RuntimeError(f"{path.name} on {server.major} recorded nothing")
        size = write(directory, path.stem, rows)
        roll_back_prepared(db)
    print(f"{server.major} {path.stem}: {len(rows)} rows, {size} bytes", flush=True)


def roll_back_prepared(db: postgres.Database) -> None:
    """A database with a prepared transaction can't be dropped."""
    for (gid,) in db.sql("SELECT gid FROM pg_prepared_xacts WHERE database = current_database()"):
        db.sql("ROLLBACK PREPARED %s", gid)


def record_major(major: int, files: list[Path]) -> None:
    """All files on one server, which is new: LSNs and xids start low."""
    settings = {k: v for k, v in SETTINGS.items()
                if major >= 13 or k != "logical_decoding_work_mem"}
    with proc.temp_dir() as root:
        server = postgres.Server(major, root, settings)
        server.native = native(major)
        try:
            server.create()
            server.start()
            for path in files:
                record(server, path)
        finally:
            server.stop()


def main() -> int:
    """Records everything, or the majors and files named."""
    names = sorted(p.stem for p in (FIXTURES / "sql").glob("*.sql"))
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--major", type=int, action="append", choices=MAJORS)
    parser.add_argument("name", nargs="*", help="only these: " + ", ".join(names))
    args = parser.parse_args()
    majors = args.major or list(MAJORS)
    files = [FIXTURES / "sql" / f"{name}.sql" for name in args.name or names]
    proc.exit_on_sigterm()
    install(majors)
    if not args.name:
        for major in majors:
            for old in (FIXTURES / str(major)).glob("*.*"):
                if old.stem not in names:
                    old.unlink()
    for major in majors:
        record_major(major, files)
    return 0


if __name__ == "__main__":
    sys.exit(main())
