"""conftest.py - the servers that the tests share, and a limit on how long any test may take."""
import itertools
import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import kinesis, postgres, proc, walferry  # noqa: E402

TEST_SECONDS = 150
_numbers = itertools.count(1)


def pytest_configure(config) -> None:
    """Servers are stopped on SIGTERM too; and without the program there is nothing to test."""
    def end(*_) -> None:
        raise KeyboardInterrupt  # pytest would count a SystemExit as one failed test and go on

    signal.signal(signal.SIGTERM, end)
    if not walferry.BINARY.exists():
        pytest.exit(f"no {walferry.BINARY.name} built: run make", returncode=2)


@pytest.fixture(autouse=True)
def _time_limit():
    """A test that hangs fails, and the rest goes on."""
    def give_up(*_):
        raise proc.Timeout(f"the test took more than {TEST_SECONDS * walferry.PATIENCE:g} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(int(TEST_SECONDS * walferry.PATIENCE))
    yield
    signal.alarm(0)


@pytest.fixture(scope="session", params=postgres.MAJORS, ids=lambda major: f"pg{major}")
def pg(request):
    """A server of each major, one after the other."""
    with postgres.start(request.param) as server:
        yield server


@pytest.fixture(scope="session")
def pg15():
    """A server of Debian's major, for what doesn't depend on the major."""
    with postgres.start(postgres.DEBIAN_MAJOR) as server:
        yield server


@pytest.fixture
def db(pg):
    """A database of the test's own, on each major."""
    with postgres.database(pg, f"test_{next(_numbers)}") as database:
        yield database


@pytest.fixture
def db15(pg15):
    """A database of the test's own on PostgreSQL 15."""
    with postgres.database(pg15, f"test_{next(_numbers)}") as database:
        yield database


@pytest.fixture(scope="session")
def emulator():
    """A Kinesis API that never fails."""
    with kinesis.start() as api:
        yield api


@pytest.fixture
def stream(emulator):
    """A stream of two shards of the test's own: its name."""
    name = f"test-{next(_numbers)}"
    emulator.create_stream(name, 2)
    return name


@pytest.fixture
def scratch():
    """A directory of the test's own."""
    with proc.temp_dir() as path:
        yield path
