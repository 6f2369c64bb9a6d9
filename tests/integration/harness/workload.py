"""workload.py - writes to a database as applications do: many sessions, every kind of change."""
import itertools
import random
import threading
import time

import psycopg2

SCHEMA = """
CREATE TABLE single (id int PRIMARY KEY, name text, amount numeric, flag bool, made timestamptz);
CREATE TABLE composite (region text, id int, note text, PRIMARY KEY (id, region));
CREATE TABLE texts (key text PRIMARY KEY, body text);
CREATE TABLE bulk (id bigint PRIMARY KEY, body text);
CREATE TABLE keyless (n int);
"""
TABLES = ["public.single", "public.composite", "public.texts", "public.bulk"]
ODD = ["plain", "it's", 'say "so"', "a,b", "line\nbreak", "tab\there", "back\\slash", "Zürich", "水",
       "", "null", " lead", "x[integer]:1", "old-key: a"]


_numbers = itertools.count(1)  # no two sessions share keys, whatever workload they belong to


class Session:
    """One client that commits small transactions on rows of its own, so that none waits."""

    def __init__(self, conn, seed: int):
        self.conn = conn
        self.conn.autocommit = False
        self.random = random.Random(seed)
        self.base = next(_numbers) * 1_000_000
        self.made = 0
        self.single: list[int] = []
        self.composite: list[tuple[str, int]] = []
        self.texts: list[str] = []

    def _id(self) -> int:
        self.made += 1
        return self.base + self.made

    def _pick(self, rows: list):
        return self.random.randrange(len(rows))

    def insert(self, cursor) -> None:
        """A row in one of the tables."""
        odd, new = self.random.choice(ODD), self._id()
        match self.random.randrange(3):
            case 0:
                cursor.execute("INSERT INTO single VALUES (%s, %s, random() * 1e6, true, now())",
                               (new, odd))
                self.single.append(new)
            case 1:
                key = (self.random.choice(["eu-1", "us, east", 'q"']), new)
                cursor.execute("INSERT INTO composite VALUES (%s, %s, %s)", (*key, odd))
                self.composite.append(key)
            case 2:
                cursor.execute("INSERT INTO texts VALUES (%s, %s)", (f"{odd}-{new}", odd * 20))
                self.texts.append(f"{odd}-{new}")

    def update(self, cursor) -> None:
        """A row gets another value."""
        if self.single:
            i = self._pick(self.single)
            cursor.execute("UPDATE single SET name = %s WHERE id = %s",
                           (self.random.choice(ODD), self.single[i]))

    def change_key(self, cursor) -> None:
        """A row gets another key."""
        if self.composite:
            i = self._pick(self.composite)
            region, old = self.composite[i]
            new = self._id()
            cursor.execute("UPDATE composite SET id = %s WHERE id = %s AND region = %s",
                           (new, old, region))
            self.composite[i] = (region, new)

    def delete(self, cursor) -> None:
        """A row goes."""
        if len(self.texts) > 3:
            cursor.execute("DELETE FROM texts WHERE key = %s",
                           (self.texts.pop(self._pick(self.texts)),))

    def keyless(self, cursor) -> None:
        """A row that is not published."""
        cursor.execute("INSERT INTO keyless VALUES (1)")

    def bulk(self, cursor) -> None:
        """Many rows at once, so that some transactions take a while to publish."""
        first = self.base * 1000 + self.made * 5000
        self.made += 1
        cursor.execute("INSERT INTO bulk SELECT i, repeat('x', 100) "
                       "FROM generate_series(%s, %s) i", (first, first + 4999))

    def transaction(self) -> None:
        """Some changes; now and then very many, or a rollback."""
        before = (list(self.single), list(self.composite), list(self.texts))
        with self.conn.cursor() as cursor:
            if self.random.random() < 0.004:
                self.bulk(cursor)
            for _ in range(self.random.choice([1, 1, 2, 3, 8, 30])):
                kinds = [self.insert, self.insert, self.update, self.change_key, self.delete,
                         self.keyless]
                self.random.choice(kinds)(cursor)
            if self.random.random() < 0.05:
                self.conn.rollback()
                self.single, self.composite, self.texts = before
                return
        self.conn.commit()


class Workload:
    """Sessions side by side for as long as the block runs; transactions interleave."""

    def __init__(self, db, seed: int, sessions: int = 3, pause: float = 0.002):
        self.pause = pause
        self.ending = threading.Event()
        self.failed: list[BaseException] = []
        self.sessions = [Session(db.session(), seed * 1000 + n) for n in range(sessions)]
        self.threads = [threading.Thread(target=self._run, args=(s,), daemon=True)
                        for s in self.sessions]

    def _run(self, session: Session) -> None:
        try:
            while not self.ending.is_set():
                session.transaction()
                time.sleep(self.pause * session.random.random() * 2)
        except psycopg2.Error as e:
            self.failed.append(e)
        finally:
            session.conn.close()

    def stop(self) -> None:
        """Ends all sessions after the transaction they are at."""
        self.ending.set()
        for thread in self.threads:
            thread.join(30)
        if self.failed:
            raise self.failed[0]

    def __enter__(self) -> "Workload":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, *_) -> None:
        self.ending.set()
        if kind is None:
            self.stop()
