"""crash.py - make crash: kill -9 at random moments, and what arrives all the same."""
import argparse
import random
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from harness import kinesis, postgres, proc, scenario, walferry, workload  # noqa: E402
from harness.checker import Verdict  # noqa: E402

SLOT, STREAM, SHARDS = "crash", "crash", 3


def killed(program: walferry.Walferry, kills: int, rng: random.Random) -> None:
    """Starts it, kills it at some moment, as often as asked; a last start is left running."""
    for _ in range(kills):
        program.start()
        time.sleep(rng.uniform(0.02, 1.2) * walferry.PATIENCE ** 0.5)
        if program.child.poll() is not None:
            raise AssertionError(f"exited {program.child.returncode} by itself: "
                                 f"{program.log_path.read_text()[-2000:]}")
        program.kill()
    program.start()


def crash(db: postgres.Database, program: walferry.Walferry, kills: int, seed: int) -> None:
    """The workload goes on while walferry is killed again and again; then it may finish."""
    with program.contained():
        with workload.Workload(db, seed, pause=0.005):
            killed(program, kills, random.Random(seed))
        scenario.wait_drained(program, db, SLOT, 120)
        if (code := program.stop()) != 0:
            raise AssertionError(f"exited {code}: {program.log_path.read_text()[-2000:]}")


def crash_file(server: postgres.Server, root: Path, kills: int, seed: int) -> Verdict:
    """Into a file, which every start cuts back to its last whole line."""
    with postgres.database(server, f"file_{seed}") as db:
        db.sql(workload.SCHEMA)
        scenario.create_slots(db, SLOT)
        path = root / f"changes-{seed}"
        program = walferry.daemon(db, SLOT, root, "--format", "json", sink=f"file:{path}")
        crash(db, program, kills, seed)
        return scenario.judge_file(path, db, workload.TABLES, replays=True)


def crash_kinesis(server: postgres.Server, emulator: kinesis.Emulator, root: Path, kills: int,
                  seed: int) -> Verdict:
    """Into a stream."""
    with postgres.database(server, f"kinesis_{seed}") as db:
        db.sql(workload.SCHEMA)
        scenario.create_slots(db, SLOT)
        stream = f"{STREAM}-{seed}"
        emulator.create_stream(stream, SHARDS)
        program = walferry.daemon(db, SLOT, root, "--format", "json", "--partition-key", "pk",
                                  *walferry.kinesis_flags(emulator), sink=f"kinesis:{stream}",
                                  env=kinesis.KEYS)
        crash(db, program, kills, seed)
        return scenario.judge_stream(emulator.read(stream), db, workload.TABLES, replays=True)


def main() -> int:
    """0 if nothing was missing and every replay was a rewind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    wanted = parser.parse_args()
    proc.exit_on_sigterm()
    print(f"{wanted.kills} times kill -9 for each sink; seed {wanted.seed}", flush=True)
    try:
        with proc.temp_dir() as root, postgres.start() as server, kinesis.start() as emulator:
            for name in ("file", "kinesis"):
                (root / name).mkdir()
            verdicts = {
                "file": crash_file(server, root / "file", wanted.kills, wanted.seed),
                "kinesis": crash_kinesis(server, emulator, root / "kinesis", wanted.kills,
                                         wanted.seed),
            }
    except (AssertionError, RuntimeError, OSError) as e:
        print(f"crash: FAILED with --seed {wanted.seed}: {e}", file=sys.stderr)
        return 1
    for sink, v in verdicts.items():
        print(f"{sink}: {v.changes:,} changes, none missing; {v.records - v.changes:,} came again, "
              f"all in {v.rewinds} rewinds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
