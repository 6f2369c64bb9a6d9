"""walferry.py - the program under test as a process: start, watch its log, signal, read."""
import json
import os
import signal
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator

from . import kinesis, proc

BINARY = Path(os.environ.get("WALFERRY", proc.TOP / "build/walferry")).resolve()
# A build under the sanitizers takes several times as long.
PATIENCE = 4.0 if "asan" in BINARY.parts else 1.0
OK, SYSTEM, USAGE, DATABASE, ROW, SINK, TOO_LARGE = range(7)
PASSED_ON = ("PATH", "LANG", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS")


def environment(home: Path, **more: str) -> dict[str, str]:
    """What the program sees: nothing of the caller's own settings for PG or AWS."""
    kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    return {**kept, "HOME": str(home), **more}


@dataclass
class Done:
    """A run that has ended."""

    code: int
    out: bytes
    err: str

    @property
    def lines(self) -> list[str]:
        """What it printed, by line."""
        return self.out.decode().split("\n")[:-1] if self.out else []

    @property
    def records(self) -> list[dict]:
        """What it printed, each line being JSON."""
        return [json.loads(line) for line in self.lines]

    @property
    def log(self) -> list[dict]:
        """What it logged."""
        return parse_log(self.err)


def parse_log(text: str) -> list[dict]:
    """The log's lines (--log-format json); a line that isn't JSON is a failure of its own."""
    return [json.loads(line) for line in text.split("\n") if line]


def execute(*flags, home: Path = Path("/nonexistent"), env: dict[str, str] | None = None,
            seconds: float = 60) -> Done:
    """Runs the program to its end with flags as given."""
    done = subprocess.run([BINARY, *map(str, flags)], capture_output=True, stdin=subprocess.DEVNULL,
                          timeout=seconds * PATIENCE, env=environment(home, **(env or {})))
    return Done(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


def once(db, slot: str, *flags, sink: str = "stdout", code: int = OK, **more) -> Done:
    """Drains a slot to stdout (or another sink), and insists on the exit code."""
    done = execute("run", "--dsn", db.dsn, "--slot", slot, "--sink", sink, "--once", "--log-format",
                   "json", *flags, **more)
    assert done.code == code, f"exit {done.code}, expected {code}: {done.err}"
    return done


@dataclass
class Walferry:
    """A daemon. Its stderr goes to a file, which is its log; its stdout too, unless told."""

    directory: Path
    flags: list[Any]
    env: dict[str, str] = field(default_factory=dict)
    child: subprocess.Popen | None = None

    @property
    def log_path(self) -> Path:
        """Where its log is."""
        return self.directory / "walferry.log"

    def start(self, stdout: int | None = None) -> "Walferry":
        """Starts it; the log of earlier starts is kept."""
        with open(self.log_path, "ab") as log, open(self.directory / "walferry.out", "ab") as out:
            self.child = proc.spawn([BINARY, "run", "--log-format", "json", *self.flags],
                                    env=environment(self.directory, **self.env), stderr=log,
                                    stdin=subprocess.DEVNULL,
                                    stdout=out if stdout is None else stdout)
        return self

    def log(self) -> list[dict]:
        """What it has logged so far; a line that is being written isn't seen."""
        text = self.log_path.read_text(encoding="utf-8")
        return parse_log(text.rpartition("\n")[0])

    def out(self) -> list[str]:
        """What it has printed so far, whole lines only."""
        text = (self.directory / "walferry.out").read_text(encoding="utf-8")
        return text.split("\n")[:-1]

    def wait_log(self, what: str, seconds: float = 20, after: int = 0) -> dict:
        """The first line, from number `after` on, that says `what` anywhere."""
        def probe() -> dict | None:
            for line in self.log()[after:]:
                if what in json.dumps(line, ensure_ascii=False):
                    return line
            if self.child.poll() is not None:
                raise AssertionError(f"exited {self.child.returncode} without a word of {what!r}: "
                                     f"{self.log_path.read_text(encoding='utf-8')}")
            return None

        return proc.wait_until(f"log says {what!r}", probe, seconds * PATIENCE)

    def wait_for(self, what: str, probe: Callable, seconds: float = 20):
        """Waits for something outside, and gives up as soon as the program has ended."""
        def alive_or_found():
            found = probe()
            if not found and self.child.poll() is not None:
                found = probe()  # it may have done it just before it ended
                assert found, (f"exited {self.child.returncode} before: {what}\n"
                               f"{self.log_path.read_text(encoding='utf-8')}")
            return found

        return proc.wait_until(what, alive_or_found, seconds * PATIENCE)

    def signal(self, sig: int) -> None:
        """Sends a signal."""
        self.child.send_signal(sig)

    def wait(self, seconds: float = 20) -> int:
        """The exit code."""
        try:
            return self.child.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            text = self.log_path.read_text(encoding="utf-8")
            raise proc.Timeout(f"still running: {text[-2000:]}") from None

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        """kill -9: no chance to say or do anything."""
        self.child.kill()
        self.child.wait(10)

    def peak_rss(self) -> int:
        """The most memory it has had, in bytes."""
        status = Path(f"/proc/{self.child.pid}/status").read_text(encoding="ascii")
        line = next(x for x in status.splitlines() if x.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024

    def __enter__(self) -> "Walferry":
        return self if self.child else self.start()

    def __exit__(self, *_) -> None:
        if self.child and self.child.poll() is None:
            self.kill()

    @contextmanager
    def contained(self) -> Iterator["Walferry"]:
        """For callers that start it themselves: it won't outlive the block."""
        try:
            yield self
        finally:
            self.__exit__()


def daemon(db, slot: str, directory: Path, *flags, sink: str = "stdout", env=None) -> Walferry:
    """A daemon on a database's slot that doesn't let tests wait: quick polls and advances."""
    return Walferry(directory, ["--dsn", db.dsn, "--slot", slot, "--sink", sink, "--poll-interval",
                                "20ms", "--advance-interval", "100ms", *flags], dict(env or {}))


def kinesis_flags(emulator: kinesis.Emulator) -> list[str]:
    """How to reach the emulator."""
    return ["--endpoint-url", emulator.url, "--region", kinesis.KEYS["AWS_REGION"]]
