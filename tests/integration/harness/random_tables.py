"""random_tables.py - random names, types, values and tables, all following from a seed."""
import json
import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Callable

Random = random.Random
Make = Callable[[Random], str]

# Whatever might be taken for something else: by the parser, by SQL, by JSON.
PIECES = ["'", "''", '"', '""', "\\", "\\n", "\n", "\r\n", "\t", " ", "[", "]", "[]", "]:", ":",
          ".", ",", "(", ")", "{", "}", "%s", "$1", "old-key: ", " new-tuple: ", "(no-tuple-data)",
          "null", "NULL", "true", "unchanged-toast-datum", "B'1'", "id[integer]:1", "INSERT:", "E'",
          "é", "Ü", "ß", "水", "🙂", "e\u0301", "\u2028", "\x85", "\ufeff", "\x01", "\x1b", "\x7f",
          "<", "&", "/", "-", "--", "a", "B", "7", "x y"]
ZONES = ["+00", "-08", "+05:30", "+14", "-12"]
MOODS = ["so so", "it's \"fine\"", "comma,", "", "null", "水", "]:'"]
# Types of the user's own, in schemas with names of the same kind.
SCHEMAS = ["public", "My.Schema", "s\"q: [x]", "line\nbreak", "水"]
OWN_TYPES = '''
    CREATE TYPE public.mood AS ENUM ({moods});
    CREATE TYPE "My.Schema"."T]y: ""x""" AS ENUM ({moods});
    CREATE TYPE "My.Schema"."[]" AS (a int, "b c" text, d numeric[]);
    CREATE DOMAIN public.posint AS int CHECK (value > 0);
    CREATE DOMAIN "水"."short text" AS varchar(60);
    CREATE DOMAIN public.flag AS boolean;
    CREATE DOMAIN public.mask AS bit(4);
    CREATE DOMAIN "My.Schema"."ints'" AS int[];
    CREATE TYPE public.floats AS RANGE (subtype = float8);
'''


def literal(text: str | None) -> str:
    """A string as SQL writes it, without a type."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


def quote(name: str) -> str:
    """A name that SQL takes as it is."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Kind:
    """A type, how JSON shows it, and how to make a value of it."""

    sql: str
    make: Make
    shown: str = "text"  # or number, bool
    keyable: bool = False  # has a btree operator class
    since: int = 11


@dataclass(frozen=True)
class Column:
    """A column of a random table."""

    name: str
    kind: Kind
    required: bool  # NOT NULL

    def value(self, rng: Random) -> str | None:
        """Text that the type's input function takes."""
        return None if not self.required and rng.random() < 0.12 else self.kind.make(rng)


@dataclass(frozen=True)
class Table:
    """A random table. Columns of keys are places in `columns`."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[int, ...]
    index: tuple[int, ...]  # of REPLICA IDENTITY USING INDEX
    identity: str  # d, f, n, i

    @property
    def sql_name(self) -> str:
        """As SQL names it."""
        return f"{quote(self.schema)}.{quote(self.name)}"

    def ddl(self) -> str:
        """What makes it."""
        columns = [f"{quote(c.name)} {c.kind.sql}{' NOT NULL' if c.required else ''}"
                   for c in self.columns]
        def names(places):
            return ", ".join(quote(self.columns[i].name) for i in places)
        sql = (f"CREATE TABLE {self.sql_name} ({', '.join(columns)}, "
               f"PRIMARY KEY ({names(self.key)})) WITH (autovacuum_enabled = off);\n")
        for i, c in enumerate(self.columns):
            # A key that is stored outside of its row is not in the WAL under these identities.
            inline = i in self.key and self.identity in "ni"
            if inline or c.kind is BIG:
                sql += (f"ALTER TABLE {self.sql_name} ALTER {quote(c.name)} SET STORAGE "
                        f"{'PLAIN' if inline else 'EXTERNAL'};\n")
        if self.identity == "i":
            index = f"{self.name[:8]} identity"
            sql += f"CREATE UNIQUE INDEX {quote(index)} ON {self.sql_name} ({names(self.index)});\n"
            return sql + (f"ALTER TABLE {self.sql_name} REPLICA IDENTITY USING INDEX "
                          f"{quote(index)};\n")
        return sql + (f"ALTER TABLE {self.sql_name} REPLICA IDENTITY "
                      f"{ {'d': 'DEFAULT', 'f': 'FULL', 'n': 'NOTHING'}[self.identity]};\n")


def text(rng: Random, most: int = 12) -> str:
    """Pieces one after the other, or plain words, or nothing."""
    if rng.random() < 0.3:
        return rng.choice(["", "plain", "a name", "null", "'", "\\", " "])
    return "".join(rng.choice(PIECES) for _ in range(rng.randrange(1, most)))


def name(rng: Random, taken: set[str]) -> str:
    """A name of at most 63 bytes that isn't taken, and is from then on."""
    while True:
        made = rng.choice([f"c{rng.randrange(100)}", text(rng, 9), text(rng, 9),
                           rng.choice(["select", "User", "a.b", "parent_id", "id", "x" * 63])])
        made = made.encode()[:63].decode(errors="ignore")
        if made and made not in taken:
            taken.add(made)
            return made


def _one_of(*values: str) -> Make:
    return lambda rng: rng.choice(values)


def _integer(bits: int, signed: bool = True) -> Make:
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (0, (1 << bits) - 1)

    def make(rng: Random) -> str:
        small = rng.randrange(low, high + 1) >> rng.randrange(bits)
        return str(rng.choice([small, small, small, low, high, 0, 1]))

    return make


def _float(special: float, digits: int, power: int) -> Make:
    def make(rng: Random) -> str:
        if rng.random() < special:
            return rng.choice(["NaN", "Infinity", "-Infinity", "-0", "0", "0.1"])
        return f"{rng.uniform(-10, 10):.{rng.randrange(digits)}f}e{rng.randrange(-power, power)}"

    return make


def _numeric(rng: Random) -> str:
    if rng.random() < 0.1:
        return rng.choice(["NaN", "0", "0.000", "-0.0", "1e-300", "1e40", "1.10"])
    digits = "".join(rng.choice("0123456789") for _ in range(rng.randrange(1, 45)))
    point = rng.randrange(len(digits) + 1)
    return f"{rng.choice(['', '-'])}{digits[:point] or '0'}.{digits[point:] or '0'}"


def _hex(rng: Random, least: int = 0, most: int = 40) -> str:
    return bytes(rng.randrange(256) for _ in range(rng.randrange(least, most + 1))).hex()


def _bits(least: int, most: int) -> Make:
    return lambda rng: "".join(rng.choice("01") for _ in range(rng.randint(least, most)))


def _day(rng: Random) -> str:
    if rng.random() < 0.12:
        return rng.choice(["infinity", "-infinity", "0044-03-15 BC", "12345-06-07", "2024-02-29"])
    return str(date(1, 1, 1) + timedelta(days=rng.randrange(3_650_000)))


def _clock(rng: Random) -> str:
    fraction = rng.choice(["", ".5", f".{rng.randrange(1_000_000):06d}"])
    return f"{rng.randrange(24):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}{fraction}"


def _moment(zone: bool) -> Make:
    def make(rng: Random) -> str:
        day = _day(rng)
        if "infinity" in day:
            return day
        day, _, era = day.partition(" ")
        return f"{day} {_clock(rng)}{rng.choice(ZONES) if zone else ''} {era}".rstrip()

    return make


def _interval(rng: Random) -> str:
    units = ["years", "mons", "days", "hours", "mins", "secs", "microseconds"]
    return " ".join(f"{rng.randrange(-500, 500)} {u}"
                    for u in rng.sample(units, rng.randrange(1, 5)))


def _uuid(rng: Random) -> str:
    return _hex(rng, 16, 16)


def _value(rng: Random, depth: int = 2):
    pick = rng.randrange(8 if depth else 5)
    if pick < 5:
        return [None, True, rng.randrange(-9999, 9999), 1.5, text(rng)][pick]
    if pick < 7:
        return [_value(rng, depth - 1) for _ in range(rng.randrange(4))]
    return {text(rng): _value(rng, depth - 1) for _ in range(rng.randrange(4))}


def _json(rng: Random) -> str:
    return json.dumps(_value(rng), ensure_ascii=rng.random() < 0.5,
                      indent=rng.choice([None, None, 2]))


def _xml(rng: Random) -> str:
    inside = text(rng).replace("&", "&amp;").replace("<", "&lt;")
    inside = "".join(c for c in inside if c in "\n\t" or c >= " ")
    return rng.choice(["", "<a/>", f"<a b=\"it's\">{inside}</a>", f"<!-- x --><é>{inside}</é>"])


def _number(rng: Random) -> str:
    return str(rng.choice([0, 1, -1, 0.1, -2.5, 1e20, 1e-7, rng.randrange(1000)]))


def _points(rng: Random, n: int) -> str:
    return ",".join(f"({_number(rng)},{_number(rng)})" for _ in range(n))


def _range_of(low: Make, order: Callable[[str], object]) -> Make:
    def make(rng: Random) -> str:
        if rng.random() < 0.2:
            return rng.choice(["empty", "(,)"])
        a, b = sorted((low(rng), low(rng)), key=order)
        a, b = rng.choice([(a, b), (a, b), (a, ""), ("", b)])
        return f"{rng.choice('[(')}{a},{b}{rng.choice('])')}"

    return make


def _small(rng: Random) -> str:
    return str(rng.randrange(-99, 99))


def _plain_day(rng: Random) -> str:
    return str(date(1990, 1, 1) + timedelta(days=rng.randrange(9999)))


def _element(value: str | None) -> str:
    if value is None:
        return "NULL"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _array(make: Make, most: int = 5) -> Make:
    def one(rng: Random) -> str:
        return _element(None if rng.random() < 0.15 else make(rng))

    def array(rng: Random) -> str:
        n = rng.randrange(most)
        if n and rng.random() < 0.2:
            rows = ("{" + ",".join(one(rng) for _ in range(n)) + "}" for _ in range(2))
            return "{" + ",".join(rows) + "}"
        bounds = f"[{-1}:{n - 2}]=" if n and rng.random() < 0.1 else ""
        return bounds + "{" + ",".join(one(rng) for _ in range(n)) + "}"

    return array


def _pair(rng: Random) -> str:
    fields = [_small(rng), _element(text(rng)), _element(_array(_numeric)(rng))]
    return "(" + ",".join("" if rng.random() < 0.2 else f for f in fields) + ")"


def _lexemes(rng: Random) -> str:
    words = [text(rng, 4).replace("\\", "\\\\").replace("'", "''") for _ in range(3)]
    return " ".join(f"'{w}':{rng.randrange(1, 99)}{rng.choice('ABCD')}" for w in words if w)


def _big(rng: Random) -> str:
    """Long enough to be stored outside of the row; quotes in it. One in three is short."""
    return text(rng) if rng.random() < 0.3 else "it's" + _hex(rng, 1100, 2500)


def _cidr(rng: Random) -> str:
    return rng.choice([f"10.{rng.randrange(256)}.0.0/16", "::/0",
                       f"2001:db8:{_hex(rng, 2, 2)}::/48"])


def _inet(rng: Random) -> str:
    return rng.choice([f"10.1.2.{rng.randrange(256)}", f"10.1.2.{rng.randrange(256)}/24", "::1",
                       f"2001:db8::{_hex(rng, 2, 2)}/64"])


def _money(rng: Random) -> str:
    return f"{rng.randrange(-10**9, 10**9)}.{rng.randrange(100):02d}"


BIG = Kind("text", _big)
LONG_KEY = Kind("bigint", _integer(64), "number", True)
KINDS = [
    Kind("smallint", _integer(16), "number", True),
    Kind("integer", _integer(32), "number", True),
    LONG_KEY,
    Kind("real", _float(0.2, 9, 30), "number", True),
    Kind("double precision", _float(0.2, 17, 300), "number", True),
    Kind("numeric", _numeric, "number", True),
    Kind("numeric(12,3)", _money, "number", True),
    Kind("oid", _integer(32, False), "number", True),
    Kind("boolean", _one_of("true", "false"), "bool", True),
    Kind("text", text, keyable=True),
    Kind("varchar(80)", lambda r: text(r)[:80], keyable=True),
    Kind("char(6)", lambda r: text(r)[:6], keyable=True),
    Kind("bpchar", text, keyable=True),
    Kind("name", lambda r: text(r, 5), keyable=True),
    Kind('"char"', _one_of("a", " ", "'", "\\", "", "]", "\n"), keyable=True),
    Kind("bytea", lambda r: "\\x" + _hex(r), keyable=True),
    Kind("date", _day, keyable=True),
    Kind("time", _clock, keyable=True),
    Kind("timetz", lambda r: _clock(r) + r.choice(ZONES), keyable=True),
    Kind("timestamp", _moment(False), keyable=True),
    Kind("timestamptz", _moment(True), keyable=True),
    Kind("interval", _interval, keyable=True),
    Kind("uuid", _uuid, keyable=True),
    Kind("json", _json),
    Kind("jsonb", _json, keyable=True),
    Kind("xml", _xml),
    Kind("bit(5)", _bits(5, 5), keyable=True),
    Kind("bit varying", _bits(0, 40), keyable=True),
    Kind("inet", _inet, keyable=True),
    Kind("cidr", _cidr, keyable=True),
    Kind("macaddr", lambda r: _hex(r, 6, 6), keyable=True),
    Kind("macaddr8", lambda r: _hex(r, 8, 8), keyable=True),
    Kind("money", _money, keyable=True),
    Kind("point", lambda r: _points(r, 1)),
    Kind("lseg", lambda r: f"[{_points(r, 2)}]"),
    Kind("box", lambda r: _points(r, 2)),
    Kind("path", lambda r: f"[{_points(r, 3)}]"),
    Kind("polygon", lambda r: f"({_points(r, 4)})"),
    Kind("circle", lambda r: f"<{_points(r, 1)},{r.randrange(9)}>"),
    Kind("line", lambda r: f"{{{r.randrange(1, 9)},{_number(r)},{_number(r)}}}"),
    Kind("tsvector", _lexemes, keyable=True),
    Kind("tsquery", _one_of("fat & cat", "", "'it''s' | !a:*B", "a <-> 'b c'"), keyable=True),
    Kind("pg_lsn", lambda r: f"{r.randrange(1 << 32):X}/{r.randrange(1 << 32):X}", keyable=True),
    Kind("xid", _integer(32, False)),
    Kind("regtype", _one_of("int4", "timestamp with time zone[]", "public.mood", "-")),
    Kind("int4range", _range_of(_small, int), keyable=True),
    Kind("numrange", _range_of(_small, int), keyable=True),
    Kind("daterange", _range_of(_plain_day, str), keyable=True),
    Kind("tstzrange", _range_of(_plain_day, str), keyable=True),
    Kind("public.floats", _range_of(_small, int), keyable=True),
    Kind("integer[]", _array(_small), keyable=True),
    Kind("text[]", _array(text), keyable=True),
    Kind("numeric[]", _array(_numeric), keyable=True),
    Kind("boolean[]", _array(_one_of("t", "f")), keyable=True),
    Kind("bytea[]", _array(lambda r: "\\x" + _hex(r, 0, 9)), keyable=True),
    Kind("timestamptz[]", _array(_moment(True)), keyable=True),
    Kind("jsonb[]", _array(_json, 3), keyable=True),
    Kind("point[]", _array(lambda r: _points(r, 1))),
    Kind("public.mood", _one_of(*MOODS), keyable=True),
    Kind('"My.Schema"."T]y: ""x"""', _one_of(*MOODS), keyable=True),
    Kind('"My.Schema"."T]y: ""x"""[]', _array(_one_of(*MOODS)), keyable=True),
    Kind('"My.Schema"."[]"', _pair, keyable=True),
    Kind('"My.Schema"."[]"[]', _array(_pair), keyable=True),
    Kind("public.posint", lambda r: str(r.randrange(1, 1 << 31)), keyable=True),
    Kind('"水"."short text"', lambda r: text(r, 7)[:60], keyable=True),
    Kind("public.flag", _one_of("true", "false"), keyable=True),
    Kind("public.mask", _bits(4, 4), keyable=True),
    Kind('"My.Schema"."ints\'"', _array(_small), keyable=True),
    Kind("jsonpath", _one_of("$.a[*]", "strict $ ? (@ == \"it's\")"), since=12),
    Kind("xid8", _integer(63, False), keyable=True, since=13),
    Kind("int4multirange", _one_of("{}", "{[1,3),[5,9)}", "{(,)}"), keyable=True, since=14),
    BIG,
]


def own_types() -> str:
    """The schemas and types that KINDS needs."""
    schemas = "".join(f"CREATE SCHEMA {quote(s)};" for s in SCHEMAS if s != "public")
    return schemas + OWN_TYPES.format(moods=", ".join(literal(m) for m in MOODS))


def make_tables(rng: Random, major: int, n: int) -> list[Table]:
    """Tables that between them have every identity, and every type once or more."""
    kinds = [k for k in KINDS if k.since <= major]
    deck = rng.sample(kinds, len(kinds))
    taken: dict[str, set[str]] = {}
    tables = []
    for i in range(n):
        share = deck[i * len(deck) // n:(i + 1) * len(deck) // n]
        more = [rng.choice(kinds) for _ in range(rng.randrange(4))]
        schema = rng.choice(SCHEMAS)
        tables.append(_table(rng, schema, name(rng, taken.setdefault(schema, set())),
                             share + more, "dfni"[i % 4]))
    return tables


def _table(rng: Random, schema: str, table: str, kinds: list[Kind], identity: str) -> Table:
    """Each of both keys has a bigint, so that rows are seldom in each other's way."""
    taken: set[str] = set()
    keyable = [k for k in kinds if k.keyable]
    key_kinds = [LONG_KEY, *rng.sample(keyable, min(len(keyable), rng.choice([0, 0, 1, 2, 3])))]
    index_kinds = [LONG_KEY, *rng.sample(keyable, min(len(keyable), rng.choice([0, 1, 2])))]
    parts = [(k, "key") for k in key_kinds] + [(k, "plain") for k in kinds]
    parts += [(k, "index") for k in index_kinds] if identity == "i" else []
    rng.shuffle(parts)
    columns = tuple(Column(name(rng, taken), kind, role != "plain" or rng.random() < 0.1)
                    for kind, role in parts)
    key = [i for i, (_, role) in enumerate(parts) if role == "key"]
    index = [i for i, (_, role) in enumerate(parts) if role == "index"]
    if index and rng.random() < 0.4:
        index += key  # then the index has the primary key in it
    rng.shuffle(key)
    rng.shuffle(index)
    return Table(schema, table, columns, tuple(key), tuple(index), identity)
