"""stdout and file: what durable means, and what a crash leaves."""
import json
import os
import subprocess

import pytest

from harness import proc, walferry

SLOT = "app"


@pytest.fixture
def filled(db15):
    """A hundred changes in the slot."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    db15.create_slot(SLOT)
    db15.sql("INSERT INTO t SELECT i, 'x' FROM generate_series(1, 100) i")
    return db15


def ids(path) -> list[int]:
    with open(path, "rb") as lines:
        return [json.loads(line)["key"]["id"] for line in lines]


def test_file_is_appended_to(filled, scratch):
    path = scratch / "changes"
    walferry.once(filled, SLOT, "--format", "json", sink=f"file:{path}")
    filled.sql("INSERT INTO t VALUES (101, '')")
    walferry.once(filled, SLOT, "--format", "json", sink=f"file:{path}")
    assert ids(path) == list(range(1, 102))


@pytest.mark.parametrize("torn", [b'{"pos":"0/1:0","ne', b"x", b"x" * 3_000_000])
def test_torn_line_is_cut_off(filled, scratch, torn):
    path = scratch / "changes"
    whole = b'{"key":{"id":0}}\n'
    path.write_bytes(whole + torn)
    done = walferry.once(filled, SLOT, "--format", "json", sink=f"file:{path}")
    assert ids(path) == list(range(0, 101))
    assert any(str(path) in json.dumps(line) for line in done.log), "said in the log"


def test_torn_first_line(filled, scratch):
    path = scratch / "changes"
    path.write_bytes(b"no line end")
    walferry.once(filled, SLOT, "--format", "json", sink=f"file:{path}")
    assert ids(path) == list(range(1, 101))


def test_torn_csv_record_with_a_line_break_in_quotes(db15, scratch):
    """In CSV a line break inside quotes ends no record, so none may be cut there."""
    db15.sql("CREATE TABLE s (k text PRIMARY KEY)")
    db15.create_slot(SLOT)
    path = scratch / "changes"
    whole = b'0,CDC,1,public.s,INSERT,"a\nb"\n'
    path.write_bytes(whole + b'0,CDC,1,public.s,INSERT,"c\nd')
    db15.sql("INSERT INTO s VALUES ('e')")
    walferry.once(db15, SLOT, "--format", "csv", sink=f"file:{path}")
    rest = path.read_bytes().removeprefix(whole)
    assert rest.endswith(b",public.s,INSERT,e\n") and rest.count(b"\n") == 1


def test_file_that_cannot_be_written(filled, scratch):
    before = filled.slot(SLOT, "confirmed_flush_lsn")
    for target in (scratch / "none/changes", scratch):
        done = walferry.execute("run", "--dsn", filled.dsn, "--slot", SLOT, "--sink",
                                f"file:{target}", "--once")
        assert done.code in (walferry.SYSTEM, walferry.SINK) and str(target) in done.err
    assert filled.slot(SLOT, "confirmed_flush_lsn") == before


def test_full_disk_acknowledges_nothing(filled):
    before = filled.slot(SLOT, "confirmed_flush_lsn")
    with open("/dev/full", "wb") as full:
        child = proc.spawn([walferry.BINARY, "run", "--dsn", filled.dsn, "--slot", SLOT, "--sink",
                            "stdout", "--once"], stdout=full, stderr=subprocess.PIPE,
                           env=walferry.environment("/nonexistent"))
        _, err = child.communicate(timeout=20 * walferry.PATIENCE)
    assert child.returncode not in (0, walferry.USAGE) and b"No space" in err
    assert filled.slot(SLOT, "confirmed_flush_lsn") == before


def test_reader_that_goes_away_acknowledges_nothing(filled):
    before = filled.slot(SLOT, "confirmed_flush_lsn")
    reader, writer = os.pipe()
    os.close(reader)
    child = proc.spawn([walferry.BINARY, "run", "--dsn", filled.dsn, "--slot", SLOT, "--sink",
                        "stdout", "--once"], stdout=writer, stderr=subprocess.PIPE,
                       env=walferry.environment("/nonexistent"))
    os.close(writer)
    _, err = child.communicate(timeout=20 * walferry.PATIENCE)
    assert child.returncode > 0 and err, "a clear word rather than death by SIGPIPE"
    assert filled.slot(SLOT, "confirmed_flush_lsn") == before
