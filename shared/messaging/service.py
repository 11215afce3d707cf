"""What a service is to the runtime: one table of its parts. `worker.main` runs it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import psycopg

from shared.contracts.topics import Topic
from shared.messaging.clock import Clock
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Alarm, Errand, Lane, Work
from shared.postgres.pool import Database

R = TypeVar("R")

# The runtime's tables, made in each service's schema before its own.
RUNTIME_MIGRATIONS = Path(__file__).with_name("migrations")


class Companion(Protocol):
    """A part of a worker that is neither consumer nor timer: billing's HTTP endpoint."""

    def start(self) -> None:
        """Begin and return; raise when that is impossible. What dies later is told through `Runtime.fail`."""

    def stop(self) -> None:
        """Take nothing new, finish what is under way, and return soon."""


class Runtime(Generic[R]):
    """What a companion is given: transactions of the service, and a way to say that it cannot go on."""

    def __init__(
        self,
        service: Service[R],
        database: Database,
        clock: Clock,
        stopping: threading.Event,
        fail: Callable[[str, BaseException], None],
    ) -> None:
        self.service = service
        self.database = database
        self.clock = clock
        self.stopping = stopping
        self.fail = fail

    @contextmanager
    def transaction(self) -> Iterator[Work[R]]:
        """One transaction: committed at the end of the block, rolled back when it raises.

        A companion publishes nothing itself: it stores what came and sets a timer, whose alarm or errand does the rest.
        Raises `psycopg.OperationalError` when the database is away.
        """
        with self.database.transaction() as connection:
            yield Work(self.service.repository(connection), self.clock.now(), PostgresTimers(connection))


@dataclass(frozen=True, slots=True)
class Service(Generic[R]):
    """A worker's parts. `name` is the word in topics and groups (`credit-ledger`), `schema` its place in PostgreSQL
    (`credit_ledger`), `repository` makes the service's repository on a connection inside an open transaction."""

    name: str
    schema: str
    lanes: tuple[Lane[R], ...]
    repository: Callable[[psycopg.Connection], R]
    migrations: Path
    alarms: tuple[Alarm[R], ...] = ()
    errands: tuple[Errand[R, Any, Any], ...] = ()
    companions: tuple[Callable[[Runtime[R]], Companion], ...] = field(default=())

    def migration_folders(self) -> tuple[Path, Path]:
        """The runtime's migrations first, then the service's."""
        return RUNTIME_MIGRATIONS, self.migrations

    def awaited(self) -> tuple[Topic, ...]:
        """Every topic that one of the lanes comes after."""
        return tuple({topic.name: topic for lane in self.lanes for topic in lane.after}.values())
