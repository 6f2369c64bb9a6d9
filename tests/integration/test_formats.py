"""What records look like, byte for byte or against the server's own JSON; on every major."""
import base64
import csv
import io
import json
import re
from datetime import datetime, timezone

import pytest

from harness import changes, checker, walferry

SLOT = "app"

ALL_TYPES = """
CREATE TYPE mood AS ENUM ('so so', 'it''s "fine"');
CREATE DOMAIN posint AS int CHECK (value > 0);
CREATE TYPE pair AS (a int, b text);
CREATE TABLE kinds (
    id bigint PRIMARY KEY, i2 smallint, i4 int, f4 real, f8 double precision, n numeric, ok boolean,
    t text, c char(5), vc varchar(9), by bytea, d date, tm time, ts timestamp, tz timestamptz,
    iv interval, u uuid, j json, jb jsonb, b bit(3), vb bit varying, ia int[], ta text[], m mood,
    p posint, pr pair, r int4range, ip inet, o oid, mo money, x xml, pt point, ts2 tsvector)
"""


def xid_of(db, statement: str) -> int:
    """Runs a statement in a transaction of its own; the transaction's number."""
    return db.value(f"WITH x AS ({statement} RETURNING 1) SELECT txid_current() FROM x LIMIT 1")


def drain(db, *flags) -> walferry.Done:
    return walferry.once(db, SLOT, *flags)


def test_csv_payload_is_pg2kinesis_byte_for_byte(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE s (k text PRIMARY KEY)")
    db.create_slot(SLOT)
    xids = [xid_of(db, "INSERT INTO t VALUES (7, 'x')"),
            xid_of(db, "UPDATE t SET v = 'y'"),
            xid_of(db, "UPDATE t SET id = 8"),
            xid_of(db, "DELETE FROM t"),
            xid_of(db, "INSERT INTO s VALUES ('Zü\"\\\U0001f600\n')")]
    def payload(xid, table, op, key):
        return (f'0,CDC,{{"xid": "{xid}", "table": "public.{table}", "operation": "{op}", '
                f'"pkey": "{key}"}}')
    assert drain(db, "--format", "csv-payload").lines == [
        payload(xids[0], "t", "INSERT", "7"),
        payload(xids[1], "t", "UPDATE", "7"),
        payload(xids[2], "t", "DELETE", "7"),
        payload(xids[2], "t", "INSERT", "8"),
        payload(xids[3], "t", "DELETE", "8"),
        payload(xids[4], "s", "INSERT", r'Z\u00fc\"\\\ud83d\ude00\n'),
    ]


def test_csv_payload_is_the_default_format(db15):
    db15.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db15.create_slot(SLOT)
    db15.sql("INSERT INTO t VALUES (1)")
    assert drain(db15).lines[0].startswith('0,CDC,{"xid": "')


def test_csv_payload_composite_and_truncate(db):
    db.sql("""CREATE TABLE c (a int, b text, v int, PRIMARY KEY (b, a));
              CREATE TABLE r (c_b text, c_a int, id int PRIMARY KEY)""")
    db.create_slot(SLOT)
    db.sql("INSERT INTO c VALUES (1, 'é', 0)")
    db.sql("TRUNCATE c, r")
    rows = [json.loads(line.removeprefix("0,CDC,"))
            for line in drain(db, "--format", "csv-payload").lines]
    assert [(r["table"], r["operation"], r["pkey"]) for r in rows] == [
        ("public.c", "INSERT", ["é", "1"]), ("public.c", "TRUNCATE", ""),
        ("public.r", "TRUNCATE", "")]


def test_csv_bytes_and_quoting(db):
    db.sql("""CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE s (k text PRIMARY KEY);
              CREATE TABLE c (a text, b int, PRIMARY KEY (a, b));
              CREATE SCHEMA "My.S"; CREATE TABLE "My.S"."a,b" (id int PRIMARY KEY)""")
    db.create_slot(SLOT)
    keys = ["plain", "a,b", 'say "so"', "two\nlines", "cr\rlf", " lead", ""]
    first = xid_of(db, "INSERT INTO t VALUES (7)")
    for key in keys:
        db.sql("INSERT INTO s VALUES (%s)", key)
    db.sql("INSERT INTO c VALUES ('x,y', 3)")
    db.sql('INSERT INTO "My.S"."a,b" VALUES (1)')
    db.sql("TRUNCATE t")
    out = drain(db, "--format", "csv").out.decode()
    lines = out.split("\n")
    assert lines[0] == f"0,CDC,{first},public.t,INSERT,7"
    assert lines[2].endswith(',public.s,INSERT,"a,b"')
    assert lines[3].endswith(',public.s,INSERT,"say ""so"""')
    rows = list(csv.reader(io.StringIO(out, newline="")))
    assert [r[3:] for r in rows] == [
        ["public.t", "INSERT", "7"], *(["public.s", "INSERT", k] for k in keys),
        ["public.c", "INSERT", "x,y", "3"], ['"My.S"."a,b"', "INSERT", "1"],
        ["public.t", "TRUNCATE", ""]]


COMMON = """
    (1, -32768, 2147483647, 1e-30, 0.1, 1.10, true, E'it''s "x"\\n\\t\\\\ \u2028 水', 'ab', 'v',
     E'\\\\x00ff', '2024-02-29', '23:59:59.5', '2024-01-02 03:04:05.6',
     '2024-01-02 03:04:05.678+05', '1 year 2 days 03:04:05',
     'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '{"a": [1, null]}', '{"b": "c"}', B'101', B'',
     '{1,NULL,3}', '{"a b","it''s",NULL,"null"}', 'it''s "fine"', 3, '(1,"x y")', '[1,5)',
     '10.0.0.1/24', 4294967295, '12.34', '<a>b</a>', '(1,2)', '''a'':1 b:2')"""
EXTREME = """
    (3, 0, -1, 'NaN', '-Infinity', 'NaN', false, '', '', '', '', 'infinity', '00:00', '-infinity',
     '0044-03-15 12:00:00 BC', '-1 day', '00000000-0000-0000-0000-000000000000', 'null', 'null',
     B'000', B'1', '{}', '{}', 'so so', 1, '(,)', 'empty', '::1', 0, '-1', '', '(0,0)', '')"""
NUMBERS = """
    (4, 1.7976931348623157e308, 123456789012345678901234567890.123456789, 'null'),
    (5, 5e-324, 1e-40, 'unchanged-toast-datum'), (9223372036854775807, -0.0, -0, 'true')"""


def insert_all_kinds(db) -> None:
    """Plain values, nulls, and what lies at the edge of each type."""
    db.sql(f"INSERT INTO kinds VALUES {COMMON}, {EXTREME}")
    db.sql("INSERT INTO kinds (id) VALUES (2)")
    db.sql(f"INSERT INTO kinds (id, f8, n, t) VALUES {NUMBERS}")


def test_json_of_every_type_is_the_servers_own(db):
    db.sql(ALL_TYPES)
    db.create_slot(SLOT)
    insert_all_kinds(db)
    records = [checker.loads(line) for line in drain(db, "--format", "json").lines]
    assert len(records) == 6
    assert checker.check_final_state(records, db, ["public.kinds"]) == 6


def test_json_object_of_an_insert(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY, v text)")
    db.create_slot(SLOT)
    before = datetime.now(timezone.utc)
    xid = xid_of(db, "INSERT INTO t VALUES (1, 'a')")
    lsn = db.peek(SLOT)[-1][0]
    record, = drain(db, "--format", "json").records
    moment = record.pop("ts")
    pos, _, index = record.pop("pos").partition(":")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", moment)
    assert abs((datetime.fromisoformat(moment.replace("Z", "+00:00")) - before).total_seconds()) < 5
    assert pos == lsn and index.isdigit()
    assert changes.lsn_number(record.pop("lsn")) <= changes.lsn_number(lsn)
    assert record == {"xid": xid, "op": "insert", "schema": "public", "table": "t",
                      "key": {"id": 1}, "new": {"id": 1, "v": "a"}}


def test_json_of_update_delete_and_truncate(db):
    db.sql("""CREATE TABLE t (id int PRIMARY KEY, v text);
              CREATE TABLE f (id int PRIMARY KEY, v text, n int);
              ALTER TABLE f REPLICA IDENTITY FULL""")
    db.create_slot(SLOT)
    db.sql("INSERT INTO t VALUES (1, 'a'); INSERT INTO f VALUES (1, 'a', NULL)")
    for statement in ("UPDATE t SET v = NULL", "UPDATE f SET v = 'b'", "UPDATE t SET id = 2",
                      "UPDATE f SET id = 2", "DELETE FROM t", "DELETE FROM f", "TRUNCATE t, f"):
        db.sql(statement)
    records = drain(db, "--format", "json").records[2:]
    short = [(r["op"], r["table"], r["key"], r.get("new"), r.get("old")) for r in records]
    assert short == [
        ("update", "t", {"id": 1}, {"id": 1, "v": None}, None),
        ("update", "f", {"id": 1}, {"id": 1, "v": "b", "n": None}, {"id": 1, "v": "a"}),
        ("delete", "t", {"id": 1}, None, {"id": 1}),
        ("insert", "t", {"id": 2}, {"id": 2, "v": None}, None),
        ("delete", "f", {"id": 1}, None, {"id": 1, "v": "b"}),
        ("insert", "f", {"id": 2}, {"id": 2, "v": "b", "n": None}, None),
        ("delete", "t", {"id": 2}, None, {"id": 2}),
        ("delete", "f", {"id": 2}, None, {"id": 2, "v": "b"}),
        ("truncate", "t", {}, None, None),
        ("truncate", "f", {}, None, None),
    ]


def test_json_quoted_names(db):
    db.sql('''CREATE SCHEMA "My.Schema"; CREATE TYPE "My.Schema"."T]y" AS ENUM ('x');
              CREATE TABLE "My.Schema"."t: ""q"" [x]" (id int, "c[1]" text, "new-tuple:" text,
                "a.b" "My.Schema"."T]y", "it's" int[], PRIMARY KEY ("c[1]", id))''')
    db.create_slot(SLOT)
    db.sql('''INSERT INTO "My.Schema"."t: ""q"" [x]"
              VALUES (1, 'x: y', 'old-key: z', 'x', '{7}')''')
    record, = drain(db, "--format", "json").records
    assert (record["schema"], record["table"]) == ("My.Schema", 't: "q" [x]')
    assert list(record["key"].items()) == [("c[1]", "x: y"), ("id", 1)]
    assert record["new"] == {"id": 1, "c[1]": "x: y", "new-tuple:": "old-key: z", "a.b": "x",
                             "it's": "{7}"}


def test_json_unchanged_toast_is_recovered_or_named(db):
    db.sql("""CREATE TABLE toast (id int PRIMARY KEY, big text, n int);
              ALTER TABLE toast ALTER big SET STORAGE EXTERNAL;
              CREATE TABLE whole (LIKE toast INCLUDING ALL);
              ALTER TABLE whole REPLICA IDENTITY FULL""")
    db.create_slot(SLOT)
    big = "".join(chr(ord("a") + i % 26) for i in range(5000)) + "it's"
    for table in ("toast", "whole"):
        db.sql(f"INSERT INTO {table} VALUES (1, %s, 1)", big)
        db.sql(f"UPDATE {table} SET n = 2")
    _, update, _, full = drain(db, "--format", "json").records
    assert update["new"] == {"id": 1, "n": 2} and update["unchanged"] == ["big"]
    assert full["new"] == {"id": 1, "big": big, "n": 2}
    assert full["old"] == {"id": 1, "big": big, "n": 1}
    assert "unchanged" not in full


def test_messages_are_records_of_json_only(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db.create_slot(SLOT)
    db.create_slot("second")
    content = "content:fix, sz: 8\nit's"
    db.sql("BEGIN; INSERT INTO t VALUES (1); "
           "SELECT pg_logical_emit_message(true, 'pre, sz: 3', 'in'); COMMIT")
    db.sql("SELECT pg_logical_emit_message(false, 'a content:', %s)", content)
    db.sql("SELECT pg_logical_emit_message(true, 'bytes', '\\xff00'::bytea)")
    records = drain(db, "--format", "json").records
    messages = [r for r in records if r["op"] == "message"]
    assert [(m["transactional"], m["prefix"], m.get("content")) for m in messages] == [
        (True, "pre, sz: 3", "in"), (False, "a content:", content), (True, "bytes", None)]
    assert base64.b64decode(messages[2]["content_base64"]) == b"\xff\x00"
    positions = [checker.position(r) for r in records]
    assert positions == sorted(set(positions)), "strictly increasing"
    assert len(walferry.once(db, "second", "--format", "csv").lines) == 1


def test_positions_are_the_same_every_time(db):
    db.sql("CREATE TABLE t (id int PRIMARY KEY, v text); CREATE TABLE u (id int PRIMARY KEY)")
    for slot in (SLOT, "again"):
        db.create_slot(slot)
    db.sql("INSERT INTO t SELECT i FROM generate_series(1, 50) i")
    db.sql("BEGIN; UPDATE t SET id = id + 100 WHERE id < 9; DELETE FROM t WHERE id = 20; "
           "TRUNCATE t, u; INSERT INTO u VALUES (1); COMMIT")
    first = drain(db, "--format", "json").out
    assert walferry.once(db, "again", "--format", "json", "--batch-changes", "10").out == first
    positions = [checker.position(json.loads(line)) for line in first.splitlines()]
    assert positions == sorted(set(positions)) and len(positions) == 50 + 16 + 1 + 2 + 1


def test_partitioned_tables_are_published_as_their_leaves(db):
    db.sql("""CREATE TABLE p (id int, r int, PRIMARY KEY (r, id)) PARTITION BY LIST (r);
              CREATE TABLE p1 PARTITION OF p FOR VALUES IN (1);
              CREATE TABLE p2 PARTITION OF p FOR VALUES IN (2)""")
    db.create_slot(SLOT)
    db.sql("INSERT INTO p VALUES (1, 1)")
    db.sql("UPDATE p SET r = 2")
    db.sql("TRUNCATE p")
    records = drain(db, "--format", "json").records
    assert [(r["op"], r["table"], list(r["key"].values())) for r in records[:3]] == [
        ("insert", "p1", [1, 1]), ("delete", "p1", [1, 1]), ("insert", "p2", [2, 1])]
    assert {r["table"] for r in records[3:]} == {"p", "p1", "p2"}
    assert {r["op"] for r in records[3:]} == {"truncate"}


def test_generated_and_dropped_columns(db):
    db.sql("CREATE TABLE t (a int, id int PRIMARY KEY, b text)")
    db.create_slot(SLOT)
    db.sql("INSERT INTO t VALUES (0, 1, 'x')")
    db.sql("ALTER TABLE t DROP a; ALTER TABLE t ADD c int DEFAULT 5")
    db.sql("INSERT INTO t VALUES (2, 'y')")
    old, new = drain(db, "--format", "json").records
    assert (old["new"], new["new"]) == ({"a": 0, "id": 1, "b": "x"}, {"id": 2, "b": "y", "c": 5})


def test_delete_that_carries_no_key(db):
    """REPLICA IDENTITY NOTHING: said once, and never made up."""
    db.sql("CREATE TABLE t (id int PRIMARY KEY); ALTER TABLE t REPLICA IDENTITY NOTHING")
    db.create_slot(SLOT)
    db.sql("INSERT INTO t VALUES (1), (2)")
    db.sql("DELETE FROM t")
    done = drain(db, "--format", "json")
    assert [(r["op"], r["key"]) for r in done.records] == [
        ("insert", {"id": 1}), ("insert", {"id": 2}), ("delete", {}), ("delete", {})]
    assert len([x for x in done.log if x.get("table") == "public.t"]) == 1


def test_text_is_utf8_whatever_the_databases_encoding(pg15):
    from harness import postgres

    admin = pg15.connect("postgres")
    with admin.cursor() as cursor:
        cursor.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    admin.close()
    db = postgres.Database(pg15, "latin")
    try:
        db.sql("CREATE TABLE t (k text PRIMARY KEY)")
        db.create_slot(SLOT)
        db.sql("INSERT INTO t VALUES ('Zürich')")
        record, = drain(db, "--format", "json").records
        assert record["key"] == {"k": "Zürich"}
    finally:
        db.close()
        postgres.drop_database(pg15, "latin")


@pytest.mark.parametrize("identity", ["NOTHING", "USING INDEX other"])
def test_a_key_that_stayed_in_toast_is_published_empty(db, identity):
    """PostgreSQL keeps such a key out of the WAL: there is no stopping for ever over that."""
    db.sql("CREATE TABLE t (k text PRIMARY KEY, n int NOT NULL)")
    db.sql("ALTER TABLE t ALTER k SET STORAGE EXTERNAL")
    db.sql("CREATE UNIQUE INDEX other ON t (n)")
    db.sql(f"ALTER TABLE t REPLICA IDENTITY {identity}")
    db.create_slot("app")
    db.sql("INSERT INTO t VALUES (repeat('k', 2500), 1)")
    db.sql("UPDATE t SET n = 2")
    done = walferry.once(db, "app", "--format", "json")
    assert [(r["op"], len(r["key"]), r.get("unchanged")) for r in done.records] == [
        ("insert", 1, None), ("update", 0, ["k"])]
    assert [line["table"] for line in done.log if line["level"] == "warn"] == ["public.t"]
