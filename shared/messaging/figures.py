"""A worker tells how it goes: every few seconds one message of figures to `ops.metrics.v1` (ADR 0020).

Straight to Kafka and not by the outbox: figures are no effects, and above all they must still come when the database,
and with it the outbox, does not answer. Nothing here can harm the work: what cannot be told is left out or lost, and
the next message, whose counters go on, makes up for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Protocol
from uuid import uuid4

import psycopg
import structlog

from shared.contracts import envelope
from shared.contracts.catalog import OPS_METRICS
from shared.contracts.envelope import CONTENT_TYPE_HEADERS, Envelope
from shared.contracts.ops import (
    MAX_OUTBOX_ROWS_COUNTED,
    MAX_TROUBLE_CHARACTERS,
    MAX_TROUBLES,
    LaneFigures,
    OutboxFigures,
    RelayFigures,
    WorkerFigures,
    WorkerState,
)
from shared.messaging.clock import Clock
from shared.messaging.health import Signs, judge
from shared.messaging.ids import derive
from shared.messaging.log import KafkaProblem, Parcel, Sent
from shared.messaging.outbox import QUERIES
from shared.messaging.session import Session
from shared.observability.errors import describe
from shared.postgres.pool import Database

# The last message tells a planned end from a silent one; an end does not wait for a broker that is away.
LAST_WORD_S = 1.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class LaneCount:
    """What a lane has counted since its start, by the names of `LaneFigures`, and where it stands."""

    name: str
    behind: int | None
    waiting: int
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Readings:
    """All that can be read off a worker without asking anybody."""

    signs: Signs
    lanes: tuple[LaneCount, ...]
    relay: Mapping[str, int]


class Sender(Protocol):
    """The publisher, as far as it is needed here."""

    def send(self, parcels: Sequence[Parcel], may_send: Callable[[], None]) -> Sent: ...
    def discard(self) -> None: ...


class OutboxGauge:
    """Asks the database what stands in the outbox, on a connection of its own."""

    def __init__(self, database: Database) -> None:
        self._session = Session(database)

    def read(self) -> OutboxFigures | None:
        """None when the database does not say; the figures then go without."""
        try:
            found = self._session.connection().execute(QUERIES["measure_outbox"], {"most": MAX_OUTBOX_ROWS_COUNTED})
            row = found.fetchone()
        except psycopg.Error as error:
            log.debug("figures.no-outbox", error=describe(error))
            self._session.close()
            return None
        assert row is not None
        # The clock of one server, but a row may be stamped by a transaction that began after the question.
        return OutboxFigures(rows=row[0], oldest_ms=max(0, row[1]))

    def close(self) -> None:
        self._session.close()


class _TooLate(Exception):
    """The worker ends: whatever is not sent is dropped."""


class Figures:
    """A thread's target: reads, tells, waits. `run` returns when `stopping` is set and raises nothing."""

    def __init__(
        self,
        service: str,
        readings: Callable[[], Readings],
        outbox: OutboxGauge,
        sender: Sender,
        clock: Clock,
        stopping: threading.Event,
        every_s: float,
    ) -> None:
        self._service, self._readings, self._outbox, self._sender = service, readings, outbox, sender
        self._clock, self._stopping, self._every_s = clock, stopping, every_s
        self._worker_id = str(uuid4())  # of this process, and of nothing that is replayed
        self._started_at = clock.now()
        self._number = 0
        self._failing = False

    def run(self) -> None:
        """Tell once at the start, so that a worker is known before it can fall silent, and once at the end."""
        while True:
            self._tell("working")
            if self._stopping.wait(self._every_s):
                break
        self._tell("ending")
        self._sender.discard()
        self._outbox.close()

    def _tell(self, state: WorkerState) -> None:
        """Send the figures of this moment, or lose them."""
        try:
            sent = self._sender.send([self._parcel(state)], self._in_time(state))
        except _TooLate:
            return
        except KafkaProblem as problem:
            sent = Sent([], str(problem), passes=False)
        except Exception as error:  # a bug in here must not end a worker that moves money
            sent = Sent([], describe(error))
        if sent.error and not self._failing:
            log.warning("figures.not-told", error=sent.error)
        elif self._failing and not sent.error:
            log.info("figures.told-again")
        self._failing = sent.error is not None

    def _in_time(self, state: WorkerState) -> Callable[[], None]:
        until = monotonic() + LAST_WORD_S if state == "ending" else None

        def may_send() -> None:
            if (until is None and self._stopping.is_set()) or (until is not None and monotonic() > until):
                raise _TooLate

        return may_send

    def _parcel(self, state: WorkerState) -> Parcel:
        self._number += 1
        figures = self._figures(state)
        event = Envelope(
            id=str(derive(figures.type, self._worker_id, self._number)),
            source=f"/refill/{self._service}",
            type=figures.type,
            time=self._clock.now(),
            data=figures.wire(),
            subject=figures.key(),
        )
        return Parcel(OPS_METRICS, figures.key().encode(), envelope.write(event), CONTENT_TYPE_HEADERS)

    def _figures(self, state: WorkerState) -> WorkerFigures:
        readings = self._readings()
        troubles = judge(readings.signs, monotonic())[:MAX_TROUBLES]
        return WorkerFigures(
            service=self._service,
            worker_id=self._worker_id,
            started_at=self._started_at,
            number=self._number,
            every_ms=round(self._every_s * 1000),
            state=state,
            troubles=tuple(trouble[:MAX_TROUBLE_CHARACTERS] for trouble in troubles),
            lanes=tuple(_lane(lane) for lane in readings.lanes),
            outbox=self._outbox.read(),
            relay=RelayFigures(post=readings.signs.relay.post, **readings.relay),
        )


def _lane(lane: LaneCount) -> LaneFigures:
    return LaneFigures(name=lane.name, behind=lane.behind, waiting=lane.waiting, **lane.counts)
