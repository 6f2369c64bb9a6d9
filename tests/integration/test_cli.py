"""The command line: what is refused, what is helped with, and libpq's own means."""
import re
import subprocess

import pytest

from harness import proc, walferry

GOOD = ["--dsn", "host=127.0.0.1 port=1", "--slot", "app", "--sink", "stdout"]


@pytest.mark.parametrize("flags, named", [
    (["run", *GOOD, "--no-such-flag"], "--no-such-flag"),
    (["run", *GOOD, "stray"], "stray"),
    (["run", *GOOD, "--format", "xml"], "xml"),
    (["run", *GOOD, "--format"], "--format"),
    (["run", "--dsn", "dbname=x", "--sink", "stdout"], "--slot"),
    (["run", "--slot", "app", "--dsn", ""], "--sink"),
    (["run", *GOOD, "--sink", "floppy:a"], "floppy"),
    (["run", *GOOD, "--sink", "file"], "file"),
    (["run", *GOOD, "--sink", "kinesis:"], "kinesis"),
    (["run", *GOOD, "--slot", "No Such-Name"], "No Such-Name"),
    (["run", *GOOD, "--batch-changes", "0"], "--batch-changes"),
    (["run", *GOOD, "--batch-changes", "-5"], "--batch-changes"),
    (["run", *GOOD, "--batch-changes", "many"], "many"),
    (["run", *GOOD, "--poll-interval", "100"], "--poll-interval"),
    (["run", *GOOD, "--poll-interval", "1 fortnight"], "fortnight"),
    (["run", *GOOD, "--txn-memory", "32XB"], "32XB"),
    (["run", *GOOD, "--txn-memory", "99999999999GB"], "99999999999GB"),
    (["run", *GOOD, "--log-level", "loud"], "loud"),
    (["run", *GOOD, "--log-format", "xml"], "xml"),
    (["run", *GOOD, "--pack", "zip"], "zip"),
    (["run", *GOOD, "--partition-key", "moon"], "moon"),
    (["run", *GOOD, "--partition-key", "const:"], "const:"),
    (["run", *GOOD, "--pack", "kpl"], "--pack"),
    (["run", *GOOD, "--region", "eu-west-1"], "--region"),
    (["run", *GOOD, "--endpoint-url", "http://127.0.0.1:1"], "--endpoint-url"),
    (["run", *GOOD, "--sink", "kinesis:s", "--region", "x", "--endpoint-url", "ftp://h"],
     "ftp://h"),
    (["run", *GOOD, "--dsn", "host=127.0.0.1 nonsense"], '"=" after'),
    (["walk"], "walk"),
    (["help", "walk"], "walk"),
], ids=lambda x: " ".join(x[-3:]) if isinstance(x, list) else x)
def test_usage_errors_are_one_line_and_exit_2(flags, named):
    done = walferry.execute(*flags)
    assert (done.code, done.out) == (walferry.USAGE, b""), done.err
    assert done.err.count("\n") == 1 and named in done.err


def test_no_arguments():
    done = walferry.execute()
    assert (done.code, done.out) == (walferry.USAGE, b"") and "walferry help" in done.err


def test_help_and_version():
    version = walferry.execute("version")
    assert re.fullmatch(r"walferry \d+\.\d+\.\d+\n", version.out.decode())
    overview = walferry.execute("help")
    assert overview.code == walferry.OK
    for command in ("run", "help", "version"):
        assert command in overview.out.decode()
    assert walferry.execute("help", "run").out == walferry.execute("run", "--help").out


def test_help_run_names_all_options_and_choices():
    text = walferry.execute("help", "run").out.decode()
    for name in ("dsn slot create-slot format sink pack partition-key region endpoint-url once "
                 "batch-changes poll-interval advance-interval txn-memory spool-dir "
                 "refresh-interval log-level log-format").split():
        assert f"--{name}" in text
    for choice in ("csv-payload", "csv", "json", "stdout", "file", "kinesis", "kpl", "lines",
                   "none", "table", "pk", "xid", "const"):
        assert choice in text
    assert max(map(len, text.splitlines())) <= 100


def drained(db, *flags, **env) -> None:
    """A run with these flags reaches the database."""
    done = walferry.execute("run", "--slot", "app", "--sink", "stdout", "--once", *flags, env=env)
    assert done.code == walferry.OK, done.err
    assert len(done.lines) == 1


@pytest.fixture
def filled(db15):
    """A database with one change in its slot."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db15.create_slot("app")
    db15.sql("INSERT INTO t VALUES (1)")
    return db15


def test_dsn_as_uri(filled):
    port = filled.server.port
    drained(filled, "--dsn", f"postgresql://postgres@127.0.0.1:{port}/{filled.name}")


def test_pg_variables_and_no_dsn(filled):
    drained(filled, PGHOST="127.0.0.1", PGPORT=str(filled.server.port), PGUSER="postgres",
            PGDATABASE=filled.name)


def test_service_file(filled, scratch):
    service = scratch / "services"
    service.write_text(f"[mine]\nhost=127.0.0.1\nport={filled.server.port}\nuser=postgres\n"
                       f"dbname={filled.name}\n", encoding="ascii")
    drained(filled, "--dsn", "service=mine", PGSERVICEFILE=str(service))


def test_settings_of_the_session_are_pinned(filled):
    """The caller's PG variables must not change what is published."""
    filled.sql("CREATE TABLE s (id timestamptz PRIMARY KEY, f float8, b bytea)")
    filled.sql("INSERT INTO s VALUES ('2024-01-02 03:04:05+00', 0.1, '\\x01')")
    done = walferry.execute(
        "run", "--dsn", filled.dsn, "--slot", "app", "--sink", "stdout", "--once", "--format",
        "json", env={"PGTZ": "Asia/Tokyo", "PGDATESTYLE": "German", "PGCLIENTENCODING": "LATIN1",
                     "PGOPTIONS": "-c bytea_output=escape -c extra_float_digits=-5"})
    assert done.code == walferry.OK, done.err
    assert done.records[1]["new"] == {"id": "2024-01-02 03:04:05+00", "f": 0.1, "b": "\\x01"}


def test_unreachable_database_is_tried_again(scratch):
    program = walferry.Walferry(scratch, ["--dsn", "host=127.0.0.1 port=1 dbname=x user=x",
                                          "--slot", "app", "--sink", "stdout"])
    with program:
        program.wait_log("retry")
        assert program.child.poll() is None
        assert program.stop() == walferry.OK


def test_log_formats(filled):
    done = walferry.execute("run", "--dsn", filled.dsn, "--slot", "app", "--sink", "stdout",
                            "--once", "--log-format", "text", "--log-level", "debug")
    assert done.code == walferry.OK
    for line in done.err.splitlines():
        assert re.match(r"ts=\S+ level=(error|warn|info|debug) msg=", line), line
    quiet = walferry.execute("run", "--dsn", filled.dsn, "--slot", "app", "--sink", "stdout",
                             "--once", "--log-level", "error")
    assert (quiet.code, quiet.err) == (walferry.OK, "")


@pytest.mark.parametrize("dsn", ["postgres://u:my%passS3CRET@h/db", "postgres://u:S3CRET%00x@h/db",
                                 "host=x password=no S3CRET", "postgres://u:S3CRET@[::"])
def test_a_password_in_a_bad_dsn_is_not_repeated(dsn):
    done = walferry.execute("run", "--slot", "app", "--sink", "stdout", "--dsn", dsn)
    assert done.code == walferry.USAGE and "--dsn" in done.err and "S3CRET" not in done.err


def test_closed_stdout_is_not_the_databases_socket(db15):
    """A descriptor that is free would be the next one opened: nothing may be written there."""
    db15.sql("CREATE TABLE t (id int PRIMARY KEY)")
    db15.create_slot("app")
    db15.sql("INSERT INTO t VALUES (1)")
    done = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", walferry.BINARY, "run", "--dsn",
                           db15.dsn, "--slot", "app", "--sink", "stdout", "--once"],
                          capture_output=True, text=True, timeout=60,
                          env=walferry.environment(proc.TOP))
    assert done.returncode == walferry.SINK, done.stderr
    assert db15.peek("app")


def test_help_anywhere():
    assert "--txn-memory" in walferry.execute("run", "--slot", "x", "--help").out.decode()
