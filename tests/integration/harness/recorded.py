"""recorded.py - the rows of fixtures/ as servers sent them, and rows like them for measuring."""
import re
from pathlib import Path
from typing import Iterable, Iterator

from . import proc

FIXTURES = proc.TOP / "fixtures"
ESCAPE = re.compile(rb"\\(x[0-9a-f]{2}|.)", re.S)
LITERAL = {b"\\": b"\\", b"n": b"\n", b"r": b"\r", b"0": b"\0"}
COLUMNS = ("id[bigint]:%d customer[integer]:%d name[character varying]:'Jane O''Neill %d'"
           " amount[numeric]:%d.25 active[boolean]:true created[timestamp with time zone]:"
           "'2026-11-21 02:13:46.123456+00' note[text]:'hello world this is a note'"
           " tags[text[]]:'{a,b,c}' ref[uuid]:'6f1c9e54-3a0e-4b5e-9d3b-5d1c1a2b3c%02d'")


def _unescape(text: bytes) -> bytes:
    """What a line of fixtures/ stands for; fixtures/README.md lists the escapes."""
    def one(match: re.Match) -> bytes:
        code = match[1]
        return bytes([int(code[1:], 16)]) if code[:1] == b"x" else LITERAL[code]

    return ESCAPE.sub(one, text)


def rows() -> Iterator[bytes]:
    """Every row of every major, but for those that are folded."""
    files = sorted(FIXTURES.glob("[0-9]*/*.rows"))
    if not files:
        raise FileNotFoundError("fixtures/ is empty: run make fixtures")
    for path in files:
        for line in path.read_bytes().split(b"\n")[:-1]:
            yield _unescape(line.split(b"\t", 2)[2])


def folded(major: int) -> bytes:
    """The one row of a major that is too long to keep, rebuilt."""
    text = (FIXTURES / str(major) / "huge.folded").read_bytes()
    field = dict(line.split(b"\t", 1) for line in text.split(b"\n") if line)
    return (_unescape(field[b"head"]) + _unescape(field[b"unit"]) * int(field[b"count"])
            + _unescape(field[b"tail"]))


def orders(count: int, columns: int = 9) -> list[bytes]:
    """Rows of so many columns (nine, or a multiple), as the demo's table has them."""
    made = []
    for i in range(count):
        values = (123456 + i * 7919, i * 37, i * 1001, i * 13, i)
        text = "table public.orders: INSERT:" + columns // 9 * f" {COLUMNS % values}"
        made.append(text.encode())
    return made


def write(path: Path, what: Iterable[bytes]) -> Path:
    """Rows into a file that bench/rows.c reads."""
    with open(path, "wb") as out:
        for row in what:
            out.write(b"%d\n%s\n" % (len(row), row))
    return path
