"""scenario.py - what demo, crash runs and tests have in common: draining a slot and judging it."""
from pathlib import Path

from . import changes, checker, kinesis
from .postgres import Database
from .walferry import Walferry

TRUTH = "truth"  # a second slot, which nobody reads before the end


def create_slots(db: Database, slot: str) -> None:
    """The slot for walferry, and one that keeps what it should publish."""
    db.create_slot(slot)
    db.create_slot(TRUTH)


def committed(db: Database) -> list[changes.Expected]:
    """All that was committed since create_slots, as records that must be there."""
    peeked = db.peek(TRUTH, "include-timestamp", "on")
    return changes.expected(peeked, changes.primary_keys(db))


def wait_drained(walferry: Walferry, db: Database, slot: str, seconds: float = 60) -> None:
    """Until everything that is committed now is acknowledged."""
    lsn = db.flush_lsn()
    walferry.wait_for(f"slot {slot} at {lsn}", lambda: db.slot_reached(slot, lsn), seconds)


def judge(lanes: checker.Lanes, db: Database, tables: list[str],
          replays: bool = False) -> checker.Verdict:
    """Order and completeness of all records, and then what they add up to."""
    verdict, records = checker.check(lanes, committed(db), replays)
    checker.check_final_state(records, db, tables)
    return verdict


def judge_file(path: Path, db: Database, tables: list[str],
               replays: bool = False) -> checker.Verdict:
    """The same of a file."""
    return judge(checker.file_lane(path), db, tables, replays)


def judge_stream(records: list[kinesis.UserRecord], db: Database, tables: list[str],
                 replays: bool = False) -> checker.Verdict:
    """The same of a stream's shards."""
    return judge(checker.shard_lanes(records), db, tables, replays)
