"""The judge itself: it must see every kind of loss, disorder and bad replay."""
import pytest

from harness import changes, checker


def lane(*indexes: int) -> list[checker.Position]:
    return [(1, i) for i in indexes]


@pytest.mark.parametrize("indexes, kept, rewinds", [
    ([], 0, 0),
    ([1, 2, 5], 3, 0),  # gaps are normal
    ([1, 2, 1, 2, 5], 3, 1),
    ([1, 2, 2, 5], 3, 1),
    ([1, 2, 5, 2, 1, 2, 5, 6], 4, 2),  # killed again during the replay
])
def test_accepts(indexes, kept, rewinds):
    found, times = checker.drop_replays(lane(*indexes), "x")
    assert (len(found), times) == (kept, rewinds)


@pytest.mark.parametrize("indexes", [
    [2, 1],  # disorder
    [1, 2, 5, 1, 5, 6],  # a replay with a hole
    [1, 2, 5, 1, 6],  # goes on with a replay unfinished
    [1, 2, 5, 1, 2],  # ends with a replay unfinished
    [1, 3, 2, 3],  # late
])
def test_refuses(indexes):
    with pytest.raises(checker.Wrong):
        checker.drop_replays(lane(*indexes), "x")


def record(index: int, key: int) -> bytes:
    return (f'{{"pos":"0/10:{index}","xid":7,"op":"insert","schema":"public","table":"t",'
            f'"key":{{"id":{key}}},"new":{{"id":{key}}}}}').encode()


WANTED = [changes.Expected("0/10", 7, "", "INSERT", "public.t", (str(key),)) for key in (1, 2)]


def test_check_accepts_lanes_that_together_are_all():
    verdict, _ = checker.check({"a": [record(0, 1)], "b": [record(1, 2)]}, WANTED)
    assert (verdict.records, verdict.changes, verdict.rewinds) == (2, 2, 0)


@pytest.mark.parametrize("lanes", [
    {"a": [record(0, 1)]},  # lost
    {"a": [record(0, 2), record(1, 1)]},  # swapped
    {"a": [record(0, 1), record(1, 2), record(1, 2)]},  # twice
    {"a": [record(0, 1), record(1, 2)], "b": [record(1, 2)]},  # in two lanes
    {"a": [record(0, 1), record(1, 2), record(2, 3)]},  # invented
])
def test_check_refuses(lanes):
    with pytest.raises(checker.Wrong):
        checker.check(lanes, WANTED)


def test_canonical_tells_digits_apart():
    texts = ['{"n":1.10}', '{"n":1.1}', '{"n":"1.1"}']
    assert len({checker.canonical(checker.loads(text)) for text in texts}) == 3


def test_oracle_reads_odd_rows():
    table = '"My.S"."t ""q"""'
    row = (f"table {table}: UPDATE: old-key: \"c[1]\"[text]:'it''s new-tuple: ' new-tuple: "
           "\"c[1]\"[text]:'b' e[\"en um:x\"]:null bits[bit varying]:B'10' a[integer[]]:'{1}'")
    peeked = [("0/1", "9", "BEGIN 9"), ("0/1", "9", row), ("0/9", "9", "COMMIT 9 (at now)")]
    assert changes.expected(peeked, {table: ["c[1]"]}) == [
        changes.Expected("0/9", 9, "now", op, table, (key,))
        for op, key in (("DELETE", "it's new-tuple: "), ("INSERT", "b"))]
    text = "n[numeric]:1e-300 t[text]:'a b' z[x]:unchanged-toast-datum"
    assert changes.parse_images(text)[1] == {
        "n": ("numeric", "1e-300"), "t": ("text", "'a b'"), "z": ("x", "unchanged-toast-datum")}
    with pytest.raises(ValueError):
        changes.parse_images("n[numeric]:1 what?")
