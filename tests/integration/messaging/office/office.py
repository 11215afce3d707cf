"""The office at work: its alarms and errands in threads, on a database of the test's own."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from shared.messaging import outbox
from shared.messaging.alarms import AlarmClock
from shared.messaging.clock import SystemClock
from shared.messaging.crew import Crew
from shared.messaging.desk import Desk
from shared.messaging.errands import Errands
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Alarm, Errand, Outgoing
from shared.postgres.migrations import migrate
from shared.postgres.pool import Database
from tests.integration.messaging.office.letters import SCHEMA, Letters

MIGRATIONS = Path(__file__).with_name("migrations")
WAIT_S = 60
PAST = datetime(2020, 1, 1, tzinfo=UTC)


def prepare(migrator_url: str) -> None:
    """Make the tables of the runtime and of the office."""
    migrate(migrator_url, SCHEMA, [RUNTIME_MIGRATIONS, MIGRATIONS])


def ref(name: str) -> str:
    """A letter's ref: an id as messages want it."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


class Office:
    """One worker's timed work, started and stopped by the test."""

    def __init__(self, url: str) -> None:
        self.database = Database(url, "refill-office", SCHEMA)
        self.crew = Crew()
        self._closing = threading.Event()
        self.desk: Desk[Letters] = Desk(
            self.database, Letters, _publish, SystemClock(), self.crew.stopping, self._closing
        )

    def open(self, alarms: Sequence[Alarm[Letters]] = (), errands: Sequence[Errand[Letters, Any, Any]] = ()) -> None:
        self.crew.start("leases", self.desk.keeper.run, until=self._closing)
        self.crew.start("bell", self.desk.bell.run)
        for alarm in alarms:
            self.crew.start(alarm.kind, AlarmClock(alarm, self.desk).run)
        for errand in errands:
            for _ in range(errand.concurrency):
                self.crew.start(errand.kind, Errands(errand, self.desk).run)

    def close(self) -> None:
        self.crew.stop()
        self._closing.set()
        self.desk.bell.ring()
        left = self.crew.join(WAIT_S)
        self.database.close()
        assert left == []

    def write(self, *refs: str, kind: str = "post", due_at: datetime = PAST) -> None:
        """Write letters and set their timers, in one transaction."""
        with self.database.transaction() as connection:
            for letter in refs:
                Letters(connection).write(letter)
            PostgresTimers(connection).set_many(kind, [(letter, due_at) for letter in refs])

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.database.transaction() as connection:
            return connection.execute(query, values).fetchall()

    def states(self) -> dict[str, tuple[str, int]]:
        """State of each letter, and how often an effect on it was committed."""
        return {letter: (state, times) for letter, state, times in self.rows("SELECT ref, state, handled FROM letters")}

    def timers(self) -> dict[str, tuple[str, int]]:
        """State of each timer that stands, and how often weather put it off."""
        return {
            letter: (state, attempts)
            for letter, state, attempts in self.rows("SELECT ref, state, attempts FROM timers")
        }

    def told(self) -> int:
        """How many messages wait in the outbox."""
        return int(self.rows("SELECT count(*) FROM outbox")[0][0])


MakeOffice = Callable[[], Office]


def _publish(connection: psycopg.Connection, outgoing: Sequence[Outgoing]) -> None:
    outbox.write(connection, "billing", outgoing, datetime.now(UTC))


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Return when the condition holds; fail, saying what did not come, after a time that no healthy machine needs."""
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come within {WAIT_S} s"
        time.sleep(0.02)


def soon(seconds: float = 0.3) -> datetime:
    """A little later than now."""
    return datetime.now(UTC) + timedelta(seconds=seconds)
