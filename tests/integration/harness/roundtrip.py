"""roundtrip.py - random writes, and what the server itself says of every row they touch."""
from dataclasses import dataclass, field

import psycopg2

from . import checker
from .random_tables import Column, Random, Table, literal, quote

# As docs/formats.md promises; not taken from the program, so that a setting it forgets is noticed.
PINNED = """SET search_path = ''; SET datestyle = 'ISO, YMD'; SET timezone = 'UTC';
            SET intervalstyle = 'postgres'; SET bytea_output = 'hex'; SET extra_float_digits = 3;
            SET lc_monetary = 'C'; SET client_encoding = 'UTF8'"""
BATCH = 40  # rows a statement
ROWS_KEPT = 150  # of a table; more are deleted
Texts = tuple[str | None, ...]  # a row, by column


@dataclass(frozen=True)
class Wanted:
    """A record that must come; `unsettable` may be told as unchanged instead of by value."""

    xid: int
    op: str
    table: Table
    key: dict
    new: dict | None
    old: dict | None
    may_have_old: dict | None = None
    unsettable: frozenset[str] = frozenset()


@dataclass
class Totals:
    """What a run has compared."""

    records: dict[str, int] = field(default_factory=dict)
    values: int = 0
    unchanged: int = 0


def shown(column: Column, text: str | None):
    """A value as docs/formats.md says that JSON has it, from the text that its type prints."""
    if text is None or column.kind.shown == "text":
        return text
    if column.kind.shown == "bool":
        return text == "t"
    return text if text in ("NaN", "Infinity", "-Infinity") else checker.Number(text)


def image(table: Table, row: Texts, places=None, nulls: bool = True) -> dict:
    """Columns of a row, all or those at places, as JSON has them."""
    places = range(len(row)) if places is None else places
    return {table.columns[i].name: shown(table.columns[i], row[i]) for i in places
            if nulls or row[i] is not None}


def output(reference: str) -> str:
    """The text of a column as its output function makes it, which a cast to text may not."""
    return f"CASE WHEN num_nulls({reference}) = 0 THEN format('%s', {reference}) END"


class Writer:
    """Writes to random tables in one session, and keeps what must be published of it."""

    def __init__(self, db, rng: Random, tables: list[Table]):
        self.rng = rng
        self.tables = tables
        self.rows: dict[Table, dict[str, Texts]] = {t: {} for t in tables}  # by ctid
        self.wanted: list[Wanted] = []
        self.pending: list[Wanted] = []
        self.xid = 0
        self.conn = db.session()
        self.cursor = self.conn.cursor()
        self.cursor.execute(PINNED)

    def close(self) -> None:
        """Ends the session."""
        self.conn.close()

    def write(self, records: int) -> None:
        """Transactions, until at least so many records must come."""
        while len(self.wanted) < records:
            self.transaction()

    def transaction(self) -> None:
        """Some statements, now and then undone, together or since a savepoint."""
        kept = {t: dict(rows) for t, rows in self.rows.items()}
        self.cursor.execute("BEGIN; SELECT txid_current()")
        self.xid = self.cursor.fetchone()[0] & 0xffffffff
        self.pending = []
        for _ in range(self.rng.choice([1, 1, 2, 3, 6])):
            self.statement()
        if self.rng.random() < 0.07:
            self.cursor.execute("ROLLBACK")
            self.rows = kept
            return
        self.cursor.execute("COMMIT")
        self.wanted += self.pending

    def statement(self) -> None:
        """One in a savepoint; a key that is there already, or chance, takes it back."""
        table = self.rng.choice(self.tables)
        kept, made = dict(self.rows[table]), len(self.pending)
        self.cursor.execute("SAVEPOINT s")
        try:
            self._statement(table)
            undo = self.rng.random() < 0.05
        except psycopg2.errors.UniqueViolation:
            undo = True
        if undo:
            self.cursor.execute("ROLLBACK TO s")
            self.rows[table] = kept
            del self.pending[made:]
        elif self.rng.random() < 0.5:
            self.cursor.execute("RELEASE s")

    def _statement(self, table: Table) -> None:
        rows = self.rows[table]
        if len(rows) > ROWS_KEPT:
            self.delete(table)
        elif not rows or self.rng.random() < 0.4:
            self.insert(table)
        elif self.rng.random() < 0.75:
            self.update(table)
        else:
            self.delete(table)

    def insert(self, table: Table) -> None:
        """Rows that are kept out by others' keys aren't returned: they don't count."""
        lines = [", ".join(literal(c.value(self.rng)) for c in table.columns)
                 for _ in range(self.rng.randint(1, BATCH))]
        conflict = self.rng.choice(["", " ON CONFLICT DO NOTHING"])
        self.cursor.execute(f"INSERT INTO {table.sql_name} AS t VALUES ({'), ('.join(lines)})"
                            f"{conflict} RETURNING t.ctid, {self.outputs(table)}")
        for ctid, *row in self.cursor.fetchall():
            self.rows[table][ctid] = tuple(row)
            self.want("insert", table, tuple(row), None)

    def update(self, table: Table) -> None:
        """Some columns of some rows; sometimes columns of the key among them."""
        rng = self.rng
        targets = self.pick(table)
        count = len(table.columns)
        changed = rng.sample(range(count), rng.randint(1, min(count, 4)))
        if rng.random() < 0.5:
            changed = [i for i in changed if i not in table.key] or changed
        types = [table.columns[i].kind.sql for i in changed]
        lines = []
        for ctid in targets:
            values = (f"{literal(table.columns[i].value(rng))}::{kind}"
                      for i, kind in zip(changed, types))
            lines.append(f"('{ctid}'::tid, {', '.join(values)})")
        sets = ", ".join(f"{quote(table.columns[i].name)} = v.v{n}" for n, i in enumerate(changed))
        names = ", ".join(f"v{n}" for n in range(len(changed)))
        self.cursor.execute(f"UPDATE {table.sql_name} AS t SET {sets} FROM (VALUES "
                            f"{', '.join(lines)}) AS v (tid, {names}) WHERE t.ctid = v.tid "
                            f"RETURNING v.tid, t.ctid, {self.outputs(table)}")
        found = [(was, now, tuple(row)) for was, now, *row in self.cursor.fetchall()]
        if len(found) != len(targets):
            raise AssertionError(f"{len(found)} rows updated, not {len(targets)}")
        before = {was: self.rows[table].pop(was) for was, _, _ in found}
        for was, now, row in found:
            self.rows[table][now] = row
            self.want("update", table, row, before[was], frozenset(changed))

    def delete(self, table: Table) -> None:
        """Some rows."""
        tids = ", ".join(f"'{ctid}'" for ctid in self.pick(table))
        self.cursor.execute(f"DELETE FROM {table.sql_name} AS t WHERE t.ctid = ANY "
                            f"(ARRAY[{tids}]::tid[]) RETURNING t.ctid, {self.outputs(table)}")
        for ctid, *row in self.cursor.fetchall():
            if self.rows[table].pop(ctid) != tuple(row):
                raise AssertionError(f"the server changed a row of {table.sql_name} by itself")
            self.want("delete", table, None, tuple(row))

    def pick(self, table: Table) -> list[str]:
        """The places of some rows."""
        rows = sorted(self.rows[table])
        return self.rng.sample(rows, min(len(rows), self.rng.randint(1, BATCH)))

    @staticmethod
    def outputs(table: Table) -> str:
        """All columns as text, for RETURNING."""
        return ", ".join(output(f"t.{quote(c.name)}") for c in table.columns)

    def want(self, op: str, table: Table, new: Texts | None, old: Texts | None,
             changed: frozenset[int] = frozenset()) -> None:
        """The records of one change: which columns are logged is the identity's matter."""
        logged = logged_places(table)
        if op == "insert":
            self.add(op, table, image(table, new, table.key), new=image(table, new))
            return
        was = image(table, old, logged, nulls=False)
        known = set(table.key) <= set(logged)
        if op == "delete":
            key = image(table, old, table.key) if known else {}
            self.add(op, table, key, old=was if logged else None)
            return
        key = image(table, new, table.key)
        moved = any(old[i] != new[i] for i in logged)
        rest = {"new": image(table, new), "unsettable": frozenset(
            c.name for i, c in enumerate(table.columns) if table.identity != "f" and
            i not in changed and i not in table.key)}
        if known and image(table, old, table.key) != key:
            self.add("delete", table, image(table, old, table.key), old=was)
            self.add("insert", table, key, **rest)
        elif table.identity == "f" or moved:
            self.add(op, table, key, old=was, **rest)
        else:  # a key that is stored outside of its row is logged although it stays the same
            self.add(op, table, key, may_have_old=was, **rest)

    def add(self, op: str, table: Table, key: dict, new: dict | None = None,
            old: dict | None = None, **more) -> None:
        """A record of this transaction."""
        self.pending.append(Wanted(self.xid, op, table, key, new, old, **more))


def logged_places(table: Table) -> tuple[int, ...]:
    """The columns of the old row that the WAL has."""
    match table.identity:
        case "f":
            return tuple(range(len(table.columns)))
        case "i":
            return tuple(sorted(table.index))
        case "n":
            return ()
    return tuple(sorted(table.key))


def compare(records: list[dict], wanted: list[Wanted]) -> Totals:
    """Every record, in order, by exact text. Raises checker.Wrong at the first difference."""
    totals = Totals()
    for i, (record, want) in enumerate(zip(records, wanted)):
        if wrong := differs(record, want, totals):
            raise checker.Wrong(f"record {i}: {wrong}\n{want.table.ddl()}got    {record}\n"
                                f"wanted {want}")
        totals.records[want.op] = totals.records.get(want.op, 0) + 1
    if len(records) != len(wanted):
        raise checker.Wrong(f"{len(records)} records came, {len(wanted)} were due; first odd one: "
                            f"{(records + wanted)[min(len(records), len(wanted))]}")
    positions = [checker.position(r) for r in records]
    if any(a >= b for a, b in zip(positions, positions[1:])):
        raise checker.Wrong("positions don't grow")
    return totals


def exact(row: dict | None):
    """For comparing: order and type count, 1 isn't '1' and 1.10 isn't 1.1."""
    return None if row is None else [(k, type(v), v) for k, v in row.items()]


def differs(record: dict, want: Wanted, totals: Totals) -> str:
    """What is wrong with a record; nothing when it is right."""
    has = (int(record["xid"]), record["op"], record["schema"], record["table"])
    if has != (want.xid, want.op, want.table.schema, want.table.name):
        return "another change"
    if exact(record["key"]) != exact(want.key):
        return "key"
    old = record.get("old")
    if exact(old) != exact(want.old) and exact(old) != exact(want.may_have_old):
        return "old"
    unchanged = record.get("unchanged", [])
    if not set(unchanged) <= want.unsettable or unchanged == [] and "unchanged" in record:
        return "unchanged"
    new = want.new and {k: v for k, v in want.new.items() if k not in unchanged}
    if exact(record.get("new")) != exact(new):
        return "new"
    extra = set(record) - {"pos", "lsn", "xid", "ts", "op", "schema", "table", "key", "new", "old",
                           "unchanged"}
    totals.values += len(want.key) + len(new or {}) + len(old or {})
    totals.unchanged += len(unchanged)
    return f"odd fields {extra}" if extra else ""
