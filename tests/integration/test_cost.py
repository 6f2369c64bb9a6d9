"""test_cost.py - what parsing takes, counted by valgrind: the same on any machine at any load."""
import re
import subprocess

import pytest

from harness import recorded, walferry
from harness.proc import TOP

COUNT = TOP / "build/count"
CORPUS = TOP / "tests/fuzz/corpus"
# Some 15 % above what gcc 12 makes at -O2. When the parser gets faster, bring them down.
INSTRUCTIONS_A_COLUMN = 410
INSTRUCTIONS_A_BYTE = 2.6
# The array of columns begins with 64 and doubles.
FIRST_ROOM = 64


def valgrind(tool: str, *command) -> str:
    """What valgrind says of a command that must succeed; an error that it finds is a failure."""
    done = subprocess.run(["valgrind", f"--tool={tool}", *map(str, command)], text=True,
                          capture_output=True, timeout=60 * walferry.PATIENCE, cwd=TOP)
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stderr


def figure(pattern: str, text: str) -> int:
    """The number in valgrind's text that stands for pattern's only group."""
    match = re.search(pattern, text)
    assert match, text[-4000:]
    return int(match[1].replace(",", ""))


def instructions(rows, rounds: int) -> int:
    """What so many rounds over the rows take, start-up and reading of the rows left out."""
    once, again = (figure(r"Collected : (\d+)", valgrind(
        "callgrind", "--callgrind-out-file=/dev/null", COUNT, "parse", n, rows))
        for n in (rounds, 2 * rounds))
    return again - once


def allocations(rows, rounds: int) -> int:
    """How often so many rounds over the rows, and all around them, take memory."""
    said = valgrind("memcheck", COUNT, "parse", rounds, rows)
    return figure(r"total heap usage: ([\d,]+) allocs", said)


@pytest.mark.parametrize("columns, rounds", [(9, 1000), (1593, 10)])
def test_instructions_per_column(tmp_path, columns, rounds):
    rows = recorded.write(tmp_path / "rows", recorded.orders(1, columns))
    assert instructions(rows, rounds) / (columns * rounds) < INSTRUCTIONS_A_COLUMN


def test_instructions_per_byte_of_a_value(tmp_path):
    length = 1_000_000
    row = b"table public.t: INSERT: v[text]:'%s'" % (b"x" * length)
    rows = recorded.write(tmp_path / "rows", [row])
    assert instructions(rows, 2) / (2 * length) < INSTRUCTIONS_A_BYTE


def test_no_allocation_per_row_or_column(tmp_path):
    narrow = recorded.write(tmp_path / "narrow", recorded.orders(1))
    fits = recorded.write(tmp_path / "fits", recorded.orders(1, 63))
    wide = recorded.write(tmp_path / "wide", recorded.orders(1, 1593))
    least = allocations(narrow, 1)
    assert allocations(narrow, 100) == least
    assert allocations(fits, 100) == least
    doublings = (1593 // FIRST_ROOM).bit_length()
    assert allocations(wide, 1) == allocations(wide, 50) == least + doublings


def test_valgrind_finds_nothing_in_recorded_rows(tmp_path):
    """Every row is in memory of its size, and so is what its names and values are unquoted to."""
    rows = recorded.write(tmp_path / "rows", recorded.rows())
    valgrind("memcheck", "--error-exitcode=9", "--leak-check=full", COUNT, "use", 1, rows)


@pytest.mark.parametrize("target", ["row", "unquote_name", "unquote_value"])
def test_valgrind_finds_nothing_in_what_fuzzing_found(target):
    files = sorted((CORPUS / target).iterdir())
    assert len(files) > 10
    valgrind("memcheck", "--error-exitcode=9", "--leak-check=full",
             TOP / f"build/replay_{target}", *files)
