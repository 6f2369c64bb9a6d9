"""checker.py - judges what was published: all, in commit order, replayed only by rewinding."""
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Iterable

from .changes import Expected, lsn_number

Position = tuple[int, int]
Lanes = dict[str, list[bytes]]


class Number(str):
    """A JSON number by its very digits: 1.10 isn't 1.1 here."""


class Wrong(AssertionError):
    """What was published isn't what was committed."""


@dataclass
class Verdict:
    """What a check has seen."""

    records: int  # with replays
    changes: int  # without
    rewinds: int


def position(record: dict) -> Position:
    """Where a JSON record stands: (commit LSN, index)."""
    lsn, _, index = record["pos"].partition(":")
    return lsn_number(lsn), int(index)


def loads(text: str | bytes) -> dict:
    """JSON with numbers kept as printed."""
    return json.loads(text, parse_int=Number, parse_float=Number)


def drop_replays(positions: list[Position], lane: str) -> tuple[list[int], int]:
    """
    Which of a lane's positions a consumer keeps that drops what isn't beyond the last one, and how
    often the lane was rewound. A rewind must go back to a position that was there, and then every
    position that followed it must follow again, without a gap: otherwise a crash in the middle of
    the replay would lose something.
    """
    kept: list[int] = []
    place: dict[Position, int] = {}  # in kept
    expected_next, rewinds = 0, 0
    for i, p in enumerate(positions):
        at = place.get(p)
        if at is None:
            if expected_next != len(kept):
                raise Wrong(f"{lane}: record {i} at {p} is new in the middle of a replay")
            if kept and p < positions[kept[-1]]:
                raise Wrong(f"{lane}: record {i} at {p} comes after {positions[kept[-1]]}")
            place[p] = len(kept)
            kept.append(i)
        elif at > expected_next:
            raise Wrong(f"{lane}: record {i} at {p} skips what a replay had to repeat")
        elif at < expected_next:
            rewinds += 1
        expected_next = place[p] + 1
    if expected_next != len(kept):
        raise Wrong(f"{lane}: ends in the middle of a replay")
    return kept, rewinds


def text_key(record: dict) -> tuple[str, ...]:
    """A JSON record's key as texts, in key order."""
    return tuple(_text(v) for v in (record.get("key") or {}).values())


def _text(value) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if value is None or isinstance(value, str) else str(value)


def _compare(found: list[dict], wanted: list[Expected]) -> None:
    """Every change, in order, each once."""
    for i, (record, change) in enumerate(zip(found, wanted)):
        name = f"{quoted(record['schema'])}.{quoted(record['table'])}"
        op = record["op"].upper()
        has = (record["pos"].partition(":")[0], int(record["xid"]), op, name, text_key(record))
        want = (change.lsn, change.xid, change.op, change.table, change.key)
        if has != want:
            raise Wrong(f"change {i} is {has}, expected {want}")
    if len(found) != len(wanted):
        rest = wanted[len(found):len(found) + 3] or found[len(wanted):len(wanted) + 3]
        raise Wrong(f"{len(found)} changes arrived, {len(wanted)} were committed; then {rest}")


def quoted(name: str) -> str:
    """A name as SQL prints it; enough for the names that workloads use."""
    plain = name.isascii() and name.isidentifier() and name == name.lower()
    return name if plain else '"' + name.replace('"', '""') + '"'


def _merge(lanes: Lanes, replays: bool) -> tuple[dict[Position, dict], int, int]:
    """All lanes by position, without what came twice; how many records, how many rewinds."""
    merged: dict[Position, dict] = {}
    total = rewinds = 0
    for lane, rows in lanes.items():
        records = [loads(row) for row in rows]
        positions = [position(r) for r in records]
        kept, back = drop_replays(positions, lane)
        if not replays and len(kept) != len(records):
            raise Wrong(f"{lane}: {len(records) - len(kept)} records came twice")
        total, rewinds = total + len(records), rewinds + back
        for i in kept:
            if positions[i] in merged:
                raise Wrong(f"position {positions[i]} is in two lanes")
            merged[positions[i]] = records[i]
    return {p: merged[p] for p in sorted(merged)}, total, rewinds


def check(lanes: Lanes, wanted: list[Expected],
          replays: bool = False) -> tuple[Verdict, list[dict]]:
    """
    Judges JSON records against what was committed. A lane is what keeps an order: a file, or a
    shard. All lanes together, merged by position, must be the committed changes, and are returned.
    """
    merged, total, rewinds = _merge(lanes, replays)
    found = list(merged.values())
    _compare(found, wanted)
    return Verdict(total, len(found), rewinds), found


def server_rows(db, table: str) -> list[str]:
    """
    A table as the server itself puts it in JSON. What JSON has no type for is made text first:
    to_json would write timestamps its own way, and nest json columns.
    """
    columns = db.sql("""SELECT quote_ident(attname), atttypid::regtype::text FROM pg_attribute
                        WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
                        ORDER BY attnum""", table)
    own = ("smallint", "integer", "bigint", "real", "double precision", "numeric", "boolean")
    fields = []
    for name, kind in columns:
        # Not ::text, a cast, which may differ from the output function: char(n) loses its blanks.
        text = f"CASE WHEN num_nulls({name}) = 0 THEN format('%s', {name}) END"
        value = name if kind in own else f"{name}::bigint" if kind == "oid" else text
        fields.append(f"{value} AS {name}")
    conn = db.session()
    with conn.cursor() as cursor:
        cursor.execute("SET extra_float_digits = 3; SET datestyle = 'ISO'; SET timezone = 'UTC'; "
                       "SET intervalstyle = 'postgres'; SET bytea_output = 'hex'")
        cursor.execute("SELECT row_to_json(whole)::text "
                       f"FROM (SELECT {', '.join(fields)} FROM {table}) whole")
        rows = [text for (text,) in cursor.fetchall()]
    conn.close()
    return rows


def check_final_state(records: Iterable[dict], db, tables: list[str]) -> int:
    """
    Applies records (of loads), in order, to empty tables and compares with what the server has.
    Returns how many rows were compared.
    """
    state: dict[str, dict] = defaultdict(dict)
    for r in records:
        if r["op"] != "message":
            apply(state[f"{r['schema']}.{r['table']}"], r)
    rows = 0
    for table in tables:
        has = sorted(canonical(row) for row in state[table].values())
        want = sorted(canonical(loads(text)) for text in server_rows(db, table))
        if has != want:
            odd = sorted(set(has) ^ set(want))[:4]
            raise Wrong(f"{table}: replayed {len(has)} rows, the server has {len(want)}: {odd}")
        rows += len(want)
    return rows


def apply(rows: dict, record: dict) -> None:
    """One record on the state of its table."""
    key = canonical(record["key"])
    match record["op"]:
        case "truncate":
            rows.clear()
        case "delete":
            del rows[key]
        case "insert":
            if key in rows:
                raise Wrong(f"an insert of a row that is there: {record}")
            rows[key] = dict(record["new"])
        case "update":
            rows[key].update(record["new"])


def canonical(row: dict) -> str:
    """A row as comparable text, which tells numbers from strings."""
    tagged = {k: ["number", str(v)] if isinstance(v, Number) else v for k, v in row.items()}
    return json.dumps(tagged, sort_keys=True, ensure_ascii=False)


def file_lane(path) -> Lanes:
    """A sink file as the one lane it is."""
    with open(path, "rb") as f:
        return {str(path): f.read().splitlines()}


def shard_lanes(records) -> Lanes:
    """A stream's records as a lane a shard."""
    lanes: dict[str, list[bytes]] = defaultdict(list)
    for r in records:
        lanes[r.shard].append(r.data)
    return dict(lanes)
