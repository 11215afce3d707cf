"""Leases on timers: who works on one keeps others away, and who lost his lease may not record."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import psycopg
import structlog

from shared.messaging.timers import QUERIES
from shared.messaging.weather import is_weather
from shared.observability.errors import describe
from shared.postgres.pool import Database

log = structlog.get_logger()

# A lease is short and renewed while the work goes on, so that a killed worker's work is taken up soon, however long the
# work may take. Two renewals may fail before it runs out.
LEASE_S = 6
RENEW_EVERY_S = 2


class LeaseLost(Exception):
    """The timer was moved, cancelled or taken over meanwhile: what was done for it may not be recorded."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Timers of one kind that were claimed together. `attempts` counts how often weather put off the first of them."""

    kind: str
    refs: tuple[str, ...]
    token: UUID
    attempts: int = 0

    def of(self, refs: Sequence[str]) -> Lease:
        """The part of the lease that is about these refs."""
        return Lease(self.kind, tuple(refs), self.token, self.attempts)

    def values(self) -> dict[str, object]:
        """As the queries name them."""
        return {"kind": self.kind, "refs": list(self.refs), "token": self.token}


def claim(connection: psycopg.Connection, kind: str, now: datetime, limit: int, busy: Sequence[str]) -> Lease | None:
    """Take up to `limit` due timers of a kind, the longest due first; None when none is due or free."""
    token = uuid4()
    values = {"kind": kind, "now": now, "limit": limit, "busy": list(busy), "lease_s": LEASE_S, "token": token}
    rows = connection.execute(QUERIES["claim"], values).fetchall()
    return Lease(kind, tuple(ref for ref, _ in rows), token, rows[0][1]) if rows else None


def seconds_to_next(connection: psycopg.Connection, kind: str, now: datetime) -> float | None:
    """How long until the next timer of this kind is due and free; None when there is none."""
    row = connection.execute(QUERIES["seconds_to_next"], {"kind": kind, "now": now}).fetchone()
    return row[0] if row else None


def hold(connection: psycopg.Connection, lease: Lease) -> None:
    """The fence before recording: lock the leased timers until the end of the transaction.

    Raises `LeaseLost` when any of them is no longer this lease's.
    """
    held = connection.execute(QUERIES["hold"], lease.values()).fetchall()
    if len(held) != len(lease.refs):
        raise LeaseLost(f"{len(lease.refs) - len(held)} of {len(lease.refs)} timers {lease.kind}")


def finish(connection: psycopg.Connection, lease: Lease) -> None:
    """The work is done: the timers go."""
    connection.execute(QUERIES["finish"], lease.values())


def put_off(connection: psycopg.Connection, lease: Lease, due_at: datetime) -> None:
    """Weather: try again at `due_at`."""
    connection.execute(QUERIES["put_off"], {**lease.values(), "due_at": due_at})


def get_stuck(connection: psycopg.Connection, lease: Lease, reason: str) -> None:
    """A bug: keep the timer in sight, but out of the way of the others, until it is set again."""
    connection.execute(QUERIES["get_stuck"], {**lease.values(), "reason": reason})


def resume(connection: psycopg.Connection, kind: str | None, ref: str | None, now: datetime) -> list[tuple[str, str]]:
    """Let stuck timers try again at once: all of them, or those of one kind, or of one ref. Returns kind and ref."""
    resumed = connection.execute(QUERIES["resume"], {"kind": kind, "ref": ref, "now": now}).fetchall()
    connection.execute(QUERIES["ring"])
    return resumed


def count_stuck(connection: psycopg.Connection) -> list[tuple[str, int]]:
    """How many timers of each kind are stuck."""
    return connection.execute(QUERIES["count_stuck"]).fetchall()


class Keeper:
    """Renews the leases of this process while their work goes on; one thread, one statement for all of them."""

    def __init__(self, database: Database, stopped: threading.Event) -> None:
        self._database = database
        self._stopped = stopped
        self._lock = threading.Lock()
        self._kept: dict[UUID, tuple[Lease, float]] = {}

    @contextmanager
    def keeping(self, lease: Lease, for_s: float) -> Iterator[None]:
        """Renew the lease during the block, but no longer than `for_s` seconds: work that hangs is given up then."""
        with self._lock:
            self._kept[lease.token] = (lease, time.monotonic() + for_s)
        try:
            yield
        finally:
            with self._lock:
                del self._kept[lease.token]

    def busy(self, kind: str) -> list[str]:
        """The refs of this kind that this process still works on."""
        with self._lock:
            return [ref for lease, _ in self._kept.values() if lease.kind == kind for ref in lease.refs]

    def run(self) -> None:
        """Renew until `stopped`; a database that is away is met again at the next turn."""
        while not self._stopped.wait(RENEW_EVERY_S):
            try:
                self.renew()
            except psycopg.Error as error:
                if not is_weather(error):
                    raise
                log.warning("leases.not_renewed", error=describe(error))

    def renew(self) -> None:
        """One turn."""
        with self._lock:
            now = time.monotonic()
            kept = [(lease, ref) for lease, until in self._kept.values() if now < until for ref in lease.refs]
        if not kept:
            return
        values = {
            "kinds": [lease.kind for lease, _ in kept],
            "refs": [ref for _, ref in kept],
            "tokens": [lease.token for lease, _ in kept],
            "lease_s": LEASE_S,
        }
        with self._database.transaction() as connection:
            connection.execute(QUERIES["renew"], values)
