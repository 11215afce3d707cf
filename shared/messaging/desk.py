"""What alarms and errands share: taking up due timers, and transactions that record only under a valid lease."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Generic, TypeVar

import psycopg
import structlog

from shared.messaging import leases
from shared.messaging.agenda import Agenda
from shared.messaging.bell import Bell
from shared.messaging.clock import Clock
from shared.messaging.crash_points import reach
from shared.messaging.leases import Keeper, Lease, LeaseLost
from shared.messaging.patience import patiently
from shared.messaging.retry import BY_DUE_TIME
from shared.messaging.timers import LOOK_EVERY_S
from shared.messaging.work import Outgoing, Work
from shared.observability.errors import describe, frames, place
from shared.postgres.pool import Database

R = TypeVar("R")

log = structlog.get_logger()

# A timer that is due but being claimed by somebody else is looked at again after this, not at once.
_LEAST_SLEEP_S = 0.02

Publish = Callable[[psycopg.Connection, Sequence[Outgoing]], None]


@dataclass
class Entry(Generic[R]):
    """One transaction under a lease: what a handler needs, what it wants published, and whether the timers are done.

    `border` is the name of the crash point right before the commit.
    """

    work: Work[R]
    outgoing: list[Outgoing] = field(default_factory=list)
    done: bool = True
    border: str | None = None


class Desk(Generic[R]):
    """The surroundings of a service's timed work. `publish` writes outgoing messages into the outbox."""

    def __init__(
        self,
        database: Database,
        repository: Callable[[psycopg.Connection], R],
        publish: Publish,
        clock: Clock,
        stopping: threading.Event,
        stopped: threading.Event,
    ) -> None:
        """`stopping` says that nothing new is begun, `stopped` that all has ended: leases are kept until then."""
        self._database = database
        self._repository = repository
        self._publish = publish
        self.clock = clock
        self.stopping = stopping
        self.bell = Bell(database, stopping)
        self.keeper = Keeper(database, stopped)

    def serve(self, kind: str, limit: int, attend: Callable[[Lease], None]) -> None:
        """Take up due timers of a kind, `limit` at once, and attend to them; else sleep; until the worker stops."""
        while not self.stopping.is_set():
            heard = self.bell.rings
            lease, wait_s = patiently(lambda: self._claim(kind, limit), self.stopping, f"claim {kind}")
            if lease:
                attend(lease)
            else:
                self.bell.wait(heard, wait_s)

    @contextmanager
    def transaction(self, lease: Lease) -> Iterator[Entry[R]]:
        """One transaction under a lease. It ends, in this order: fence, timers, outbox, commit.

        Raises `LeaseLost` at the end, and changes nothing, when the lease was lost meanwhile.
        """
        with self._database.transaction() as connection:
            agenda = Agenda()
            entry = Entry(Work(self._repository(connection), self.clock.now(), agenda))
            yield entry
            leases.hold(connection, lease)
            if entry.done:
                leases.finish(connection, lease)
            elif any(agenda.touches(lease.kind, ref) for ref in lease.refs):
                raise ValueError(f"{lease.kind}: prepare may set its own timer only when it gives back None")
            agenda.write(connection)
            self._publish(connection, entry.outgoing)
            if entry.border:
                reach(entry.border)

    def put_off(self, lease: Lease, error: Exception) -> None:
        """Weather on the way: try again later, with back-off kept in the row."""
        attempt = lease.attempts + 1
        delay_s = BY_DUE_TIME.delay_s(attempt, f"{lease.kind} {lease.refs[0]}")
        fields = {"kind": lease.kind, "ref": lease.refs[0], "attempt": attempt, "retry_in_s": round(delay_s, 1)}
        log.warning("timer.weather", **fields, error=describe(error))

        def act() -> None:
            with self._database.transaction() as connection:
                leases.put_off(connection, lease, self.clock.now() + timedelta(seconds=delay_s))

        patiently(act, self.stopping, f"put off {lease.kind}")

    def get_stuck(self, lease: Lease, error: Exception) -> None:
        """A bug: the timer stays, in sight of people and alerts, and holds up no other. Nothing is dropped."""
        where = place(error)
        log.error("timer.stuck", kind=lease.kind, refs=lease.refs, error=describe(error), trace=frames(error))

        def act() -> None:
            with self._database.transaction() as connection:
                leases.get_stuck(connection, lease, f"{type(error).__name__} at {where}")

        patiently(act, self.stopping, f"mark {lease.kind} stuck")

    def tell_stuck(self) -> None:
        """Say at start what is stuck from before."""
        with self._database.transaction() as connection:
            for kind, count in leases.count_stuck(connection):
                log.error("timers.stuck", kind=kind, count=count, mend="mend the bug, then run the command `resume`")

    def lost(self, lease: Lease, error: LeaseLost) -> None:
        """Somebody else has the timer now, or nobody needs it any more: nothing was recorded."""
        log.warning("timer.lease_lost", kind=lease.kind, ref=lease.refs[0], error=describe(error))

    def _claim(self, kind: str, limit: int) -> tuple[Lease | None, float]:
        now = self.clock.now()
        with self._database.transaction() as connection:
            lease = leases.claim(connection, kind, now, limit, self.keeper.busy(kind))
            next_s = None if lease else leases.seconds_to_next(connection, kind, now)
        return lease, LOOK_EVERY_S if next_s is None else min(max(next_s, _LEAST_SLEEP_S), LOOK_EVERY_S)
