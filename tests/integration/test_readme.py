"""test_readme.py - the README's commands, run as they stand there, with a server in RDS's place."""
import json
import re
import shlex
import signal
import subprocess

import pytest

from harness import kinesis, postgres, proc, walferry

README = (proc.TOP / "README.md").read_text(encoding="utf-8")
RDS = "mydb.example.eu-west-1.rds.amazonaws.com"
# These two build and test; CI runs them as they are.
RUN_BY_CI = ["make demo", "make check"]


def blocks(language: str) -> list[str]:
    """The README's fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.M | re.S)


def commands() -> list[list[str]]:
    """Each shell command's words."""
    text = "".join(blocks("sh")).replace("\\\n", " ")
    return [shlex.split(line) for line in text.splitlines()]


@pytest.fixture
def rds(scratch):
    """A server as RDS is: TLS with its own authority, passwords, and a role rds_replication."""
    with postgres.start() as server:
        cert = certificate(server.root)
        for name in ("server.crt", "server.key"):
            if server.user:
                proc.run(["chown", server.user.pw_name, server.root / name])
        with open(server.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            conf.write(f"ssl = on\nssl_cert_file = '{server.root}/server.crt'\n"
                       f"ssl_key_file = '{server.root}/server.key'\n")
        rules = (server.data / "pg_hba.conf").read_text(encoding="utf-8")
        (server.data / "pg_hba.conf").write_text(
            "hostssl app walferry all scram-sha-256\nhost all walferry all reject\n" + rules,
            encoding="utf-8")
        server.restart()
        with postgres.database(server, "app") as db:
            db.sql("CREATE ROLE rds_replication")
            (scratch / "global-bundle.pem").write_bytes(cert)
            yield db


def certificate(where) -> bytes:
    """A self-signed certificate for the host that RDS would call by its long name."""
    proc.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj",
              f"/CN={RDS}", "-addext", f"subjectAltName=DNS:{RDS}", "-keyout",
              where / "server.key", "-out", where / "server.crt"])
    (where / "server.key").chmod(0o600)
    return (where / "server.crt").read_bytes()


def run_sql(db) -> None:
    """The README's statements; what the role rds_replication means is RDS's own doing."""
    for text in blocks("sql"):
        for statement in filter(None, (part.strip() for part in text.split(";"))):
            db.sql(statement)
        if "rds_replication" in text:
            db.sql("ALTER ROLE walferry REPLICATION")


def as_here(words: list[str], db, more: list[str]) -> list[str]:
    """The command on this machine: the same name, with TLS verified, at this server's address."""
    here = [w.replace(f"host={RDS}", f"host={RDS} hostaddr=127.0.0.1 port={db.server.port}")
            for w in words]
    assert here[0] == "walferry" and any("hostaddr" in w for w in here)
    return [str(walferry.BINARY), *here[1:], *more]


def test_every_command_is_one_that_is_run():
    """A command that nobody runs is a promise that nobody keeps."""
    by_ci = [shlex.join(words) for words in commands() if words[0] != "walferry"]
    assert by_ci == RUN_BY_CI
    ci = (proc.TOP / ".ci/run").read_text(encoding="utf-8")
    for command in RUN_BY_CI:
        assert re.search(rf"make( WERROR=1)? {command.split()[1]}\b", ci), command
    assert [words[:2] for words in commands()[2:]] == [["walferry", "run"]] * 2


def test_first_run_against_rds(rds, emulator, scratch):
    """From the role and the slot to the stream, with TLS verified and the password in a file."""
    rds.sql("CREATE TABLE orders (id int PRIMARY KEY, note text)")
    run_sql(rds)
    passfile = scratch / ".pgpass"
    passfile.write_text(blocks("pgpass")[0].replace(":5432:", f":{rds.server.port}:"),
                        encoding="utf-8")
    passfile.chmod(0o600)
    env = walferry.environment(scratch, **kinesis.KEYS)
    look, ferry = [words for words in commands() if words[0] == "walferry"]

    rds.sql("INSERT INTO orders VALUES (1, 'looked at')")
    done = subprocess.run(as_here(look, rds, []), cwd=scratch, env=env, capture_output=True,
                          text=True, timeout=60, check=True)
    assert [json.loads(line)["new"] for line in done.stdout.splitlines()] == [
        {"id": 1, "note": "looked at"}]

    rds.sql("INSERT INTO orders VALUES (2, 'ferried')")
    emulator.create_stream("changes", 1)
    child = proc.spawn(as_here(ferry, rds, ["--endpoint-url", emulator.url]), cwd=scratch, env=env,
                       stderr=subprocess.DEVNULL)
    try:
        proc.wait_until("the slot follows", lambda: rds.slot_reached("app", rds.flush_lsn()),
                        20 * walferry.PATIENCE)
        child.send_signal(signal.SIGTERM)
        assert child.wait(20 * walferry.PATIENCE) == 0
    finally:
        proc.stop(child)
    assert [json.loads(r.data)["new"] for r in emulator.read("changes")] == [
        {"id": 2, "note": "ferried"}]


def test_wrong_authority_is_refused(rds, scratch):
    """verify-full means it."""
    run_sql(rds)
    (scratch / "global-bundle.pem").write_bytes(certificate(scratch))
    look = next(words for words in commands() if words[0] == "walferry")
    done = subprocess.run(as_here(look, rds, []), cwd=scratch, capture_output=True, text=True,
                          env=walferry.environment(scratch), timeout=60)
    assert done.returncode == walferry.DATABASE
    assert "certificate verify failed" in done.stderr
