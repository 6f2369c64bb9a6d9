"""fuzz.py - make fuzz: runs each libFuzzer target over the fixtures and the kept corpus.

What a run finds stays under build/fuzz/found/, inputs that fail beside it. --keep takes from it the
least that reaches the same code into tests/fuzz/corpus/, which make check replays without a fuzzer.
"""
import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))

from harness import recorded  # noqa: E402
from harness.proc import TOP  # noqa: E402

CORPUS = TOP / "tests/fuzz/corpus"
WORK = TOP / "build/fuzz"
MACHINES = re.compile(r"[0-9a-f]{40}")  # the name of a kept file that a fuzzer made
# A target, and how long an input may be: what is said in more bytes is said in fewer too.
LENGTH = {"row": 4096, "unquote_name": 512, "unquote_value": 1024}
SEEDS = {"row": None, "unquote_name": re.compile(rb'"(?:[^"]|"")+"'),
         "unquote_value": re.compile(rb"'((?:[^']|'')*)'")}
KEPT_BYTES = 1 << 20
SANITIZERS = {"ASAN_OPTIONS": "detect_leaks=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


def rows() -> set[bytes]:
    """Every row of the fixtures, once; rows that differ in their digits alone count as one."""
    found: dict[bytes, bytes] = {}
    for row in recorded.rows():
        found.setdefault(re.sub(rb"\d+", b"0", row), row)
    return set(found.values())


def write_seeds() -> None:
    """The fixtures as seed directories, one for each target."""
    all_rows = rows()
    for target, pattern in SEEDS.items():
        place = WORK / "seeds" / target
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        seeds = {seed for row in all_rows for seed in (pattern.findall(row) if pattern else [row])}
        for seed in seeds:
            if len(seed) <= LENGTH[target]:
                (place / hashlib.sha1(seed).hexdigest()).write_bytes(seed)


def fuzz(target: str, seconds: int) -> bool:
    """One target for so long; prints its figures. False if it found something."""
    found, seeds = WORK / "found" / target, WORK / "seeds" / target
    found.mkdir(parents=True, exist_ok=True)
    command = [WORK / f"fuzz_{target}", f"-max_total_time={seconds}",
               f"-max_len={LENGTH[target]}", "-timeout=5", "-rss_limit_mb=2048",
               "-print_final_stats=1", f"-artifact_prefix={WORK}/{target}-"]
    words = TOP / f"tests/fuzz/{target}.dict"
    if words.exists():
        command.append(f"-dict={words}")
    log = WORK / f"{target}.log"
    with open(log, "wb") as out:
        failed = subprocess.run([*command, found, seeds, CORPUS / target], stdout=out,
                                stderr=subprocess.STDOUT, env=os.environ | SANITIZERS).returncode
    text = log.read_text(encoding="utf-8", errors="replace")
    done = re.search(r"number_of_executed_units: (\d+)", text)
    last = re.findall(r"cov: (\d+) ft: (\d+) corp: (\d+)/(\S+)", text)
    if failed or not done or not last:
        print(text[-3000:])
        print(f"  {target}: FAILED; log and input are build/fuzz/{target}*")
        return False
    cov, features, files, size = last[-1]
    print(f"  {target:<14} {int(done[1]):>12,} runs in {seconds} s, {cov} edges,"
          f" {features} features, corpus of {files} files, {size}")
    return True


def keep(target: str) -> None:
    """The people's seeds stay; of the rest, what adds something to them."""
    kept = CORPUS / target
    sources = [kept, WORK / "found" / target, WORK / "seeds" / target]
    with tempfile.TemporaryDirectory(dir=WORK) as scratch:
        made = Path(scratch)
        for file in kept.iterdir():
            if not MACHINES.fullmatch(file.name):
                shutil.copy(file, made)
        places = [place for place in sources if place.is_dir()]
        subprocess.run([WORK / f"fuzz_{target}", "-merge=1", "-use_counters=0",
                        f"-max_len={LENGTH[target]}", made, *places], check=True,
                       stderr=subprocess.DEVNULL)
        files = {file.name: file.read_bytes() for file in made.iterdir()}
    for file in kept.iterdir():
        if MACHINES.fullmatch(file.name):
            file.unlink()
    for name, data in files.items():
        (kept / name).write_bytes(data)
    size = sum(map(len, files.values()))
    print(f"  {target:<14} {len(files)} files kept, {size:,} bytes")
    if size > KEPT_BYTES:
        sys.exit(f"fuzz.py: {CORPUS.relative_to(TOP)} has grown too large to keep")


def main() -> int:
    """Seeds, then one target after the other, or only those named."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("target", nargs="*", help="only these: " + ", ".join(LENGTH))
    parser.add_argument("--seconds", type=int, default=60, help="for each (%(default)s)")
    parser.add_argument("--keep", action="store_true", help="only take what earlier runs found")
    asked = parser.parse_args()
    write_seeds()
    targets = asked.target or list(LENGTH)
    if asked.keep:
        for target in targets:
            keep(target)
        return 0
    return 0 if all([fuzz(target, asked.seconds) for target in targets]) else 1


if __name__ == "__main__":
    sys.exit(main())
