"""postgres.py - throw-away PostgreSQL servers on loopback, of any major there is."""
import os
import pwd
import shutil
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Iterator

import psycopg2

from . import proc

DEBIAN_MAJOR = 15
MAJORS = (11, 13, 15, 17, 18)
STARTING = 60  # seconds

SETTINGS = {
    "wal_level": "logical",
    "max_replication_slots": 40,
    "max_wal_senders": 20,
    "max_connections": 60,
    "max_prepared_transactions": 4,
    "listen_addresses": "'127.0.0.1'",
    "shared_buffers": "64MB",
    "max_wal_size": "2GB",
    # A test never crashes the operating system: what the kernel has is safe enough.
    "fsync": "off",
    "synchronous_commit": "on",
    "timezone": "'UTC'",
    # Tests must not depend on the server's own taste: walferry pins what it needs.
    "datestyle": "'SQL, DMY'",
    "intervalstyle": "'sql_standard'",
    "bytea_output": "'escape'",
    "extra_float_digits": "0",
}


def _native(major: int) -> Path:
    """The directory with bin/ of a major."""
    if major == DEBIAN_MAJOR:
        return Path(f"/usr/lib/postgresql/{major}")
    return proc.TOP / f"build/tools/postgres/node_modules/postgres-{major}/native"


def _can_run(binary: Path, user: pwd.struct_passwd | None) -> bool:
    """Whether the server's user reaches the binary: a checkout below /root it does not."""
    try:
        proc.run([binary, "--version"], user=user, cwd="/")
    except (OSError, RuntimeError):
        return False
    return True


class Server:
    """A running server. Use start(); it is gone, data and all, when the block ends."""

    def __init__(self, major: int, root: Path, settings: dict[str, Any]):
        self.major = major
        self.root = root
        self.data = root / "data"
        self.port = proc.free_port()
        self.user = proc.server_user()
        self.native = _native(major)
        self.settings = {**SETTINGS, **settings}
        self.child: subprocess.Popen | None = None

    def create(self) -> None:
        """Makes the data directory."""
        if not (self.native / "bin/postgres").exists():
            raise RuntimeError(f"no PostgreSQL {self.major} here: run make deps")
        if not _can_run(self.native / "bin/postgres", self.user):
            copy = self.root / "native"
            shutil.copytree(self.native, copy, symlinks=True)
            self.native = copy
        if self.user:
            os.chown(self.root, self.user.pw_uid, self.user.pw_gid)
        proc.run([self.native / "bin/initdb", "-D", self.data, "-U", "postgres", "-A", "trust",
                  "-E", "UTF8", "--locale=C", "--no-sync"], user=self.user, cwd="/")
        with open(self.data / "postgresql.conf", "a", encoding="utf-8") as conf:
            for name, value in self.settings.items():
                conf.write(f"{name} = {value}\n")
            conf.write(f"port = {self.port}\nunix_socket_directories = '{self.root}'\n")

    def start(self) -> None:
        """Starts it and waits until it answers."""
        # SIGQUIT, should we die: the postmaster takes its children along.
        with open(self.root / "log", "ab") as log:
            self.child = proc.spawn([self.native / "bin/postgres", "-D", self.data],
                                    user=self.user, death=signal.SIGQUIT, cwd="/",
                                    stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        proc.wait_until(f"PostgreSQL {self.major} answers", self._answers, STARTING)

    def _answers(self) -> bool:
        if self.child.poll() is not None:
            raise RuntimeError(f"PostgreSQL {self.major} ended: {self.log()[-2000:]}")
        try:
            self.connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def stop(self, sig: int = signal.SIGQUIT) -> None:
        """Ends it at once (SIGQUIT), or orderly with its clients thrown out (SIGINT)."""
        if self.child:
            proc.stop(self.child, sig, STARTING)
            self.child = None

    def restart(self, sig: int = signal.SIGINT) -> None:
        """Stops it and starts it again on the same port."""
        self.stop(sig)
        self.start()

    def log(self) -> str:
        """What the server has logged so far."""
        return (self.root / "log").read_text(encoding="utf-8", errors="replace")

    def dsn(self, dbname: str) -> str:
        """What to connect with, as libpq takes it."""
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={dbname}"

    def connect(self, dbname: str, **more):
        """A psycopg2 connection in autocommit mode."""
        conn = psycopg2.connect(self.dsn(dbname), connect_timeout=10, **more)
        conn.autocommit = True
        return conn


class Database:
    """A database of its own on a server: `sql` runs statements, and `dsn` is for walferry."""

    def __init__(self, server: Server, name: str):
        self.server = server
        self.name = name
        self.dsn = server.dsn(name)
        self.conn = server.connect(name)

    def sql(self, text: str, *args) -> list[tuple]:
        """Runs a statement by itself (autocommit); its rows, if it has any."""
        with self.conn.cursor() as cursor:
            cursor.execute(text, args or None)
            return cursor.fetchall() if cursor.description else []

    def value(self, text: str, *args):
        """The first column of the first row."""
        rows = self.sql(text, *args)
        return rows[0][0] if rows else None

    def session(self):
        """A second connection, for what must happen beside `sql`."""
        return self.server.connect(self.name)

    def reconnect(self) -> None:
        """After the server was restarted."""
        self.conn.close()
        self.conn = self.server.connect(self.name)

    def create_slot(self, slot: str) -> None:
        """A test_decoding slot, from now on."""
        self.sql("SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", slot)

    def slot(self, slot: str, column: str):
        """A column of pg_replication_slots."""
        return self.value(f"SELECT {column} FROM pg_replication_slots WHERE slot_name = %s", slot)

    def flush_lsn(self) -> str:
        """How far the WAL is written for good."""
        return self.value("SELECT pg_current_wal_flush_lsn()")

    def slot_reached(self, slot: str, lsn: str) -> bool:
        """Whether everything up to lsn is acknowledged."""
        return self.slot(slot, f"confirmed_flush_lsn >= '{lsn}'")

    def peek(self, slot: str, *options: str) -> list[tuple[str, str, str]]:
        """(lsn, xid, data) of all that the slot holds, which stays there."""
        conn = self.session()
        try:
            with conn.cursor() as cursor:
                # The server decodes as walferry's session asks it to.
                cursor.execute("SET extra_float_digits = 3; SET datestyle = 'ISO'; "
                               "SET intervalstyle = 'postgres'; SET bytea_output = 'hex'; "
                               "SET search_path = ''; SET timezone = 'UTC'")
                extra = "".join(f", '{o}'" for o in options)
                cursor.execute("SELECT lsn::text, xid::text, data FROM pg_catalog."
                               f"pg_logical_slot_peek_changes('{slot}', NULL, NULL{extra})")
                return cursor.fetchall()
        finally:
            conn.close()

    def close(self) -> None:
        """Ends the connection that `sql` uses."""
        self.conn.close()


@contextmanager
def start(major: int = DEBIAN_MAJOR, **settings) -> Iterator[Server]:
    """A server of a major with extra settings, for as long as the block runs."""
    with proc.temp_dir() as root:
        server = Server(major, root, settings)
        try:
            server.create()
            server.start()
            yield server
        finally:
            server.stop()


@contextmanager
def database(server: Server, name: str) -> Iterator[Database]:
    """A new database on a server; dropped at the end with its slots and whoever is connected."""
    admin = server.connect("postgres")
    with admin.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    db = Database(server, name)
    try:
        yield db
    finally:
        db.close()
        admin.close()
        drop_database(server, name)


def drop_database(server: Server, name: str) -> None:
    """Drops a database with its slots, as soon as those who use them are gone."""
    if not server.child or server.child.poll() is not None:
        return  # the test has stopped the server: the data goes with it

    def try_it() -> bool:
        admin = server.connect("postgres")
        try:
            with admin.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                               "WHERE datname = %s AND pid <> pg_backend_pid()", (name,))
                cursor.execute("SELECT pg_drop_replication_slot(slot_name) "
                               "FROM pg_replication_slots WHERE database = %s", (name,))
                cursor.execute(f'DROP DATABASE "{name}"')
        except psycopg2.Error:
            return False
        finally:
            admin.close()
        return True

    proc.wait_until(f"database {name} dropped", try_it, 20, 0.1)
