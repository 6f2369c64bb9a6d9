"""changes.py - what a slot holds, read by other means than walferry's own."""
import re
from dataclasses import dataclass, field

# A second reading of test_decoding's text, on purpose with nothing shared with grammar/.
COLUMN = re.compile(
    r'(?P<name>"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)'
    r'\[(?P<type>(?:[^\[\]"]|"(?:[^"]|"")*"|\[\])*)\]:'
    r"(?P<value>'(?:[^']|'')*'|B'[01]*'|[^\s']+)(?: |$)", re.DOTALL)
NAME = r'(?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)'
ROW = re.compile(rf"table (?P<tables>{NAME}\.{NAME}(?:, {NAME}\.{NAME})*): "
                 r"(?P<op>INSERT|UPDATE|DELETE|TRUNCATE):(?: (?P<rest>.*))?$", re.DOTALL)
COMMIT = re.compile(r"COMMIT (\d+)(?: \(at (.*)\))?$")

Tuple = dict[str, tuple[str, str]]  # column: (type, value as printed)


@dataclass(frozen=True)
class Expected:
    """A record that must arrive."""

    lsn: str  # the commit's
    xid: int
    time: str
    op: str
    table: str
    key: tuple[str, ...]  # texts, in key order


@dataclass
class Transaction:
    """What a transaction did, in its order."""

    lsn: str
    xid: int
    time: str
    rows: list[str] = field(default_factory=list)


def lsn_number(text: str) -> int:
    """An LSN as a number."""
    high, low = text.split("/")
    return int(high, 16) << 32 | int(low, 16)


def parse_tuple(text: str) -> tuple[Tuple, str]:
    """The columns of a row image, and what follows them."""
    found, at = {}, 0
    while match := COLUMN.match(text, at):
        found[unquote_name(match["name"])] = (match["type"], match["value"])
        at = match.end()
    return found, text[at:]


def parse_images(text: str) -> tuple[Tuple, Tuple]:
    """Old and new image; anything left over is an error."""
    old: Tuple = {}
    if text.startswith("old-key: "):
        old, rest = parse_tuple(text.removeprefix("old-key: "))
        text = rest.removeprefix("new-tuple: ")
    new, rest = parse_tuple(text)
    if rest:
        raise ValueError(f"no column at {rest[:40]!r}")
    return old, new


def unquote_name(text: str) -> str:
    """A name without SQL's quotes."""
    return text[1:-1].replace('""', '"') if text.startswith('"') else text


def value_text(printed: str) -> str | None:
    """A value as text: without quotes."""
    if printed == "null":
        return None
    if printed.startswith("B'"):
        return printed[2:-1]
    return printed[1:-1].replace("''", "'") if printed.startswith("'") else printed


def transactions(peeked: list[tuple[str, str, str]]) -> list[Transaction]:
    """Groups a peek's rows (of a slot read with include-timestamp) into transactions."""
    found, rows = [], []
    for lsn, _, data in peeked:
        if data.startswith("BEGIN"):
            rows = []
        elif match := COMMIT.match(data):
            found.append(Transaction(lsn, int(match[1]), match[2] or "", rows))
        else:
            rows.append(data)
    return found


def _key(image: Tuple, columns: list[str]) -> tuple[str, ...]:
    return tuple(value_text(image[c][1]) for c in columns)


def _records(row: str, keys: dict[str, list[str]]) -> list[tuple[str, str, tuple[str, ...]]]:
    """(op, table, key) of what one row must become."""
    match = ROW.match(row)
    if not match:
        return []
    op, rest = match["op"], match["rest"] or ""
    if op == "TRUNCATE":
        tables = re.findall(rf"{NAME}\.{NAME}", match["tables"])
        return [(op, t, ()) for t in tables if t in keys]
    table = match["tables"]
    if table not in keys:
        return []
    old, new = parse_images(rest)
    key = _key(new, keys[table])
    if old and _key(old, keys[table]) != key:
        return [("DELETE", table, _key(old, keys[table])), ("INSERT", table, key)]
    return [(op, table, key)]


def expected(peeked: list[tuple[str, str, str]], keys: dict[str, list[str]]) -> list[Expected]:
    """The records that a peek must become, in order. keys: schema.table to key columns."""
    return [Expected(t.lsn, t.xid, t.time, *record)
            for t in transactions(peeked) for row in t.rows for record in _records(row, keys)]


def primary_keys(db) -> dict[str, list[str]]:
    """The keys of all tables, as the server knows them: quoted schema.table to columns."""
    rows = db.sql("""
        SELECT format('%I.%I', n.nspname, c.relname), array_agg(a.attname::text ORDER BY k.n)
        FROM pg_constraint p JOIN pg_class c ON c.oid = p.conrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
        CROSS JOIN unnest(p.conkey) WITH ORDINALITY AS k(attnum, n)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum
        WHERE p.contype = 'p' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
        GROUP BY 1""")
    return dict(rows)
