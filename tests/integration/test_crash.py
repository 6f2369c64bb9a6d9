"""A few kill -9 at random moments; make crash does it twenty times."""
import importlib.util
import random

from harness import kinesis, proc

_spec = importlib.util.spec_from_file_location("crash", proc.TOP / "tests/tools/crash.py")
crash = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(crash)

KILLS = 4


def new_seed() -> int:
    """Another moment every time; pytest shows it when the test fails."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")
    return seed


def test_file_sink(pg15, scratch):
    verdict = crash.crash_file(pg15, scratch, KILLS, new_seed())
    assert verdict.changes > 100


def test_kinesis_sink(pg15, emulator, scratch):
    verdict = crash.crash_kinesis(pg15, emulator, scratch, KILLS, new_seed())
    assert verdict.changes > 100


def test_kinesis_sink_when_the_api_fails_as_well(pg15, scratch):
    with kinesis.start(fail_records=0.1, drop_answers=0.05, seed=3) as shaky:
        verdict = crash.crash_kinesis(pg15, shaky, scratch, KILLS, new_seed())
    assert verdict.changes > 100
