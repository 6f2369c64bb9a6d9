"""test_decode.py - walferry decode and keys: the same records from text as from the slot itself."""
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from harness import postgres, proc, walferry, workload

SLOT, RECEIVED = "app", "received"
CLIENTS = Path(f"/usr/lib/postgresql/{postgres.DEBIAN_MAJOR}/bin")  # they speak to every major
NASTY = """
CREATE SCHEMA "My.Schema";
CREATE TABLE "My.Schema"."t: ""q""
[x]" ("id,1" int, "new-tuple:" text, "a
b" text, PRIMARY KEY ("a
b", "id,1"));
INSERT INTO "My.Schema"."t: ""q""
[x]" VALUES (1, E'it''s\n\n"', E'k\n1'), (2, NULL, ' ');
UPDATE "My.Schema"."t: ""q""
[x]" SET "id,1" = 3 WHERE "id,1" = 2;
SELECT pg_logical_emit_message(true, E'pre, sz: 3 content:x\n', E'a\nb\n\n');
SELECT pg_logical_emit_message(false, 'plain', 'out of it');
TRUNCATE "My.Schema"."t: ""q""
[x]", texts;
"""


def psql(db, sql: str) -> bytes:
    """psql -At with the settings that walferry pins."""
    options = ("-c search_path= -c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC"
               " -c bytea_output=hex -c extra_float_digits=3")
    done = subprocess.run([CLIENTS / "psql", "-XAtq", "-d", db.dsn, "-c", sql],
                          env={**os.environ, "PGOPTIONS": options}, capture_output=True,
                          timeout=60, check=True)
    return done.stdout


def decode(text: bytes, *flags, code: int = walferry.OK) -> subprocess.CompletedProcess:
    """The filter, with its exit code insisted on."""
    done = subprocess.run([walferry.BINARY, "decode", *map(str, flags)], input=text,
                          capture_output=True, timeout=60 * walferry.PATIENCE,
                          env=walferry.environment(proc.TOP))
    assert done.returncode == code, done.stderr.decode()
    return done


def keys_file(db, where):
    """What walferry keys prints, in a file."""
    done = subprocess.run([walferry.BINARY, "keys", "--dsn", db.dsn], capture_output=True,
                          timeout=60, check=True, env=walferry.environment(proc.TOP))
    path = where / "keys"
    path.write_bytes(done.stdout)
    return path


def written(db) -> None:
    """Changes of all kinds, from several sessions and with names and values that go over lines."""
    db.sql(workload.SCHEMA)
    db.create_slot(SLOT)
    db.create_slot(RECEIVED)
    with workload.Workload(db, 3, sessions=2):
        time.sleep(0.3)
    for statement in filter(None, (part.strip() for part in NASTY.split(";\n"))):
        db.sql(statement)


@pytest.mark.parametrize("form", ["json", "csv", "csv-payload"])
def test_psql_text_gives_what_run_gives(db, scratch, form):
    written(db)
    text = psql(db, "SELECT lsn, xid, data FROM pg_logical_slot_peek_changes("
                    f"'{SLOT}', NULL, NULL, 'include-timestamp', '1')")
    mine = decode(text, "--keys", keys_file(db, scratch), "--format", form).stdout
    assert mine == walferry.once(db, SLOT, "--format", form).out
    assert mine.count(b"\n") > 100


def test_pg_recvlogical_text_gives_the_same_without_positions(db, scratch):
    written(db)
    out = scratch / "received"
    proc.run([CLIENTS / "pg_recvlogical", "-d", db.dsn, "--slot", RECEIVED, "--start", "-f", out,
              "--no-loop", "--endpos", db.flush_lsn(), "-o", "include-timestamp=1"])
    mine = [json.loads(line) for line in
            decode(out.read_bytes(), "--keys", keys_file(db, scratch)).stdout.splitlines()]
    whole = [r for r in walferry.once(db, SLOT, "--format", "json").records]
    # It pins no settings, which shows in the text of a timestamptz: the keys are compared.
    assert len(mine) == len(whole) > 100
    for a, b in zip(mine, whole):
        assert (a["pos"], a["lsn"]) == (None, None)
        assert [a[k] for k in ("xid", "op", "schema", "table", "key") if k in b] == [
            b[k] for k in ("xid", "op", "schema", "table", "key") if k in b]


def test_faults_have_their_line_and_column(scratch):
    good = b"BEGIN 1\ntable public.t: INSERT: id[integer]:1 v[text]:'a\nb'\nCOMMIT 1\n"
    bad = b"BEGIN 2\ntable public.t: INSERT: id[integer]:1 v[text]:'a\nb' w[integer]:x\nCOMMIT 2\n"
    done = decode(good + bad, code=walferry.ROW)
    assert len(done.stdout.splitlines()) == 1  # what came before is there
    said = done.stderr.decode().splitlines()
    assert "line 7, column 15: expected a value" in said[-3]
    assert said[-1].index("^") == said[-2].index("integer]:x") + len("integer]:")


@pytest.mark.parametrize("text, says", [
    (b"BEGIN 1\ntable public.t: INSERT: id[integer]:1\n", "ends inside the transaction"),
    (b"BEGIN 1\ntable public.t: INSERT: v[text]:'a\n", "ends inside a row that begins here"),
    (b"BEGIN 1\nmessage: transactional: 1 prefix: p, sz: 9 content:abc\n", "ends inside a row"),
    (b"table public.t: INSERT: id[integer]:1\n", "expected BEGIN"),
    (b"COMMIT 1\n", "expected BEGIN"),
    (b"0/20|1|BEGIN 1\n0/20|1|COMMIT 1\n0/10|2|BEGIN 2\n0/10|2|COMMIT 2\n", "isn't before"),
])
def test_text_that_is_no_whole_story(text, says):
    assert says in decode(text, code=walferry.ROW).stderr.decode()


@pytest.mark.parametrize("text, says", [
    ("public.t d\n", "line 1"), ("public.t x id\n", "replica identity"),
    ("\npublic.t d id,\n", "line 2"), ("public.t d id id\n", "comma"),
    ("public.t d id\npublic.t d id\n", "named before"), ("t d id\n", '"."'),
])
def test_bad_keys_files_are_refused_with_their_line(scratch, text, says):
    (scratch / "keys").write_text(text, encoding="utf-8")
    done = decode(b"", "--keys", scratch / "keys", code=walferry.USAGE)
    assert says in done.stderr.decode() and done.stderr.count(b"\n") == 1


def test_memory_is_constant(scratch):
    """A transaction and a stream far larger than the memory that they are given."""
    row = "table public.t: INSERT: id[integer]:%d v[text]:'" + "x\n" * 500 + "'\n"
    path = scratch / "text"
    with open(path, "w", encoding="ascii") as text:
        for xid, rows in enumerate((60_000, 1, *[10] * 2_000)):
            text.write(f"BEGIN {xid}\n" + "".join(row % i for i in range(rows)) +
                       f"COMMIT {xid}\n")
    assert path.stat().st_size > 60 << 20
    # The sanitizers' own memory is another matter.
    limit = "ulimit -d 16384; " if walferry.PATIENCE == 1 else ""
    with open(path, "rb") as text:
        done = subprocess.run(["sh", "-c", f'{limit}exec "$@"', "sh", walferry.BINARY, "decode",
                               "--txn-memory", "1MB", "--spool-dir", scratch], stdin=text,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=60 * walferry.PATIENCE)
    assert (done.returncode, done.stderr) == (walferry.OK, "")
