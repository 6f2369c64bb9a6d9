"""kinesis.py - a Kinesis emulator on loopback, and reading a stream by clients that aren't ours."""
import base64
import json
import os
import select
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from . import proc

TOOLS = proc.TOP / "tests/tools/kinesis"
KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "not-a-secret",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}


@dataclass(frozen=True)
class UserRecord:
    """A record as its consumer sees it, taken out of whatever it was joined into."""

    shard: str
    sequence: str
    sub: int | None
    key: str
    data: bytes


class Emulator:
    """The API's address, and what the tests do with it."""

    def __init__(self, port: int):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"

    def client(self):
        """A boto3 client."""
        import boto3  # here, since importing it takes most of a second

        return boto3.client("kinesis", endpoint_url=self.url, region_name=KEYS["AWS_REGION"],
                            aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"])

    def create_stream(self, name: str, shards: int) -> None:
        """A stream that is ready to be written to."""
        client = self.client()
        client.create_stream(StreamName=name, ShardCount=shards)
        proc.wait_until(f"stream {name} is active", lambda: self.status(client, name) == "ACTIVE")

    @staticmethod
    def status(client, name: str) -> str:
        """ACTIVE, CREATING, UPDATING …"""
        summary = client.describe_stream_summary(StreamName=name)
        return summary["StreamDescriptionSummary"]["StreamStatus"]

    def read(self, stream: str, seconds: float = 120) -> list[UserRecord]:
        """All records of a stream: shard by shard, each shard in its order."""
        done = proc.run(["node", TOOLS / "read.js", self.url, stream], seconds=seconds)
        rows = map(json.loads, done.stdout.splitlines())
        return [UserRecord(r["shard"], r["sequence"], r["sub"], r["key"],
                           base64.b64decode(r["data"])) for r in rows]


def _first_line(child: subprocess.Popen, seconds: float) -> str:
    """What the emulator says first; bounded, since it may never say anything."""
    text, end = b"", time.monotonic() + seconds
    while not text.endswith(b"\n"):
        ready, _, _ = select.select([child.stdout], [], [], max(0.0, end - time.monotonic()))
        part = os.read(child.stdout.fileno(), 4096) if ready else b""
        if not part:
            raise RuntimeError(f"the emulator ended or kept silent: {text!r}")
        text += part
    return text.decode()


@contextmanager
def start(port: int = 0, **faults: float) -> Iterator[Emulator]:
    """An emulator; faults are emulator.js's, for instance fail_records=0.1, seed=7."""
    flags = [str(x) for name, v in faults.items() for x in ("--" + name.replace("_", "-"), v)]
    child = proc.spawn(["node", TOOLS / "emulator.js", "--port", port, *flags],
                       stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield Emulator(json.loads(_first_line(child, 30))["port"])
    finally:
        proc.stop(child)
        child.stdin.close()
        child.stdout.close()


def credentials_file(path: Path, profile: str = "default") -> None:
    """A shared credentials file with the test's keys."""
    path.write_text(f"[{profile}]\naws_access_key_id = {KEYS['AWS_ACCESS_KEY_ID']}\n"
                    f"aws_secret_access_key = {KEYS['AWS_SECRET_ACCESS_KEY']}\n", encoding="utf-8")
