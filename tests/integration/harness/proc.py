"""proc.py - child processes that never outlive the tests, and waiting that always ends."""
import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, TypeVar

TOP = Path(__file__).resolve().parents[3]
PR_SET_PDEATHSIG = 1
T = TypeVar("T")


class Timeout(AssertionError):
    """What was waited for did not happen in time."""


def wait_until(what: str, probe: Callable[[], T], seconds: float = 20, pause: float = 0.02) -> T:
    """Calls probe until it answers something true, and returns that."""
    end = time.monotonic() + seconds
    while True:
        if found := probe():
            return found
        if time.monotonic() > end:
            raise Timeout(f"not within {seconds:g} s: {what}")
        time.sleep(pause)


def _die_with_parent(sig: int) -> Callable[[], None]:
    """For the child: have the kernel end it when we end, however that happens."""
    libc = ctypes.CDLL(None)
    parent = os.getpid()

    def in_child() -> None:
        libc.prctl(PR_SET_PDEATHSIG, sig, 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return in_child


def server_user() -> pwd.struct_passwd | None:
    """Who runs servers that refuse to run as root; None for ourselves."""
    if os.getuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("running as root, and there is neither a user postgres nor nobody")


def spawn(argv: list, user: pwd.struct_passwd | None = None, death: int = signal.SIGKILL,
          **more) -> subprocess.Popen:
    """A child in a process group of its own (a ^C is ours to handle) that dies with us."""
    if user:
        more.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    return subprocess.Popen([str(a) for a in argv], start_new_session=True,
                            preexec_fn=_die_with_parent(death), **more)


def run(argv: list, user: pwd.struct_passwd | None = None, seconds: float = 60,
        **more) -> subprocess.CompletedProcess:
    """Runs a command to its end; what it printed is in the error when it fails."""
    if user:
        more.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
    done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=seconds,
                          preexec_fn=_die_with_parent(signal.SIGKILL), **more)
    if done.returncode != 0:
        raise RuntimeError(f"{argv[0]} exited {done.returncode}: {done.stderr}{done.stdout}")
    return done


def stop(child: subprocess.Popen, sig: int = signal.SIGTERM, seconds: float = 10) -> int:
    """Asks a child to end, and makes it end if it doesn't."""
    if child.poll() is None:
        child.send_signal(sig)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait(seconds)


def free_port() -> int:
    """A TCP port on loopback that nobody listens on now."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@contextmanager
def temp_dir() -> Iterator[Path]:
    """A directory under /tmp that every user can enter, removed at the end."""
    path = Path(tempfile.mkdtemp(prefix="walferry-", dir="/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def exit_on_sigterm() -> None:
    """A SIGTERM runs the clean-ups, as ^C does."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
