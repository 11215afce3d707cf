"""What a worker tells of itself, and that telling harms nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from time import monotonic

import orjson
import psycopg
import pytest

from shared.contracts.catalog import OPS_METRICS
from shared.contracts.ops import LaneFigures, OutboxFigures, WorkerFigures
from shared.messaging.figures import Figures, LaneCount, OutboxGauge, Readings
from shared.messaging.health import DatabaseSigns, LaneSigns, RelaySigns, Signs
from shared.messaging.log import KafkaProblem, Parcel, Sent

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Still:
    """A clock that stands."""

    def now(self) -> datetime:
        return NOW


class Outbox(OutboxGauge):
    """The gauge without a database."""

    def __init__(self, found: OutboxFigures | None) -> None:
        self.found = found
        self.closed = False

    def read(self) -> OutboxFigures | None:
        return self.found

    def close(self) -> None:
        self.closed = True


class Wire:
    """A publisher that meets `fates` one after the other and then sends; at the `last` sending the worker stops."""

    def __init__(self, fates: Sequence[BaseException | Sent] = (), last: int = 1) -> None:
        self.fates: Iterator[BaseException | Sent] = iter(fates)
        self.last = last
        self.parcels: list[Parcel] = []
        self.stopping = threading.Event()
        self.discarded = False

    def send(self, parcels: Sequence[Parcel], may_send: Callable[[], None]) -> Sent:
        may_send()
        self.parcels += parcels
        if len(self.parcels) == self.last:
            self.stopping.set()
        fate = next(self.fates, Sent([0]))
        if isinstance(fate, BaseException):
            raise fate
        return fate

    def discard(self) -> None:
        self.discarded = True

    def told(self) -> list[WorkerFigures]:
        return [WorkerFigures.read(orjson.loads(parcel.value or b"")["data"]) for parcel in self.parcels]


def readings(**counts: int) -> Readings:
    """A worker of one lane whose database does not answer."""
    now = monotonic()
    signs = Signs(
        (LaneSigns("commands", ready=True, polled_at=now, heard_at=now),),
        DatabaseSigns(now, "connection refused"),
        RelaySigns("active", now, now, None),
    )
    return Readings(signs, (LaneCount("commands", 7, 2, counts),), {"published": 5, "failed": 1})


def run(wire: Wire, read: Callable[[], Readings] = readings, outbox: Outbox | None = None) -> Wire:
    gauge = outbox or Outbox(OutboxFigures(rows=3, oldest_ms=40))
    Figures("billing", read, gauge, wire, Still(), wire.stopping, every_s=0.001).run()
    assert wire.discarded
    assert gauge.closed
    return wire


def test_one_message_tells_all_that_is_known() -> None:
    told = run(Wire(), lambda: readings(records=100, batches=4, busy_ms=31, dead_lettered=1)).told()[0]
    assert told.lanes == (
        LaneFigures(name="commands", behind=7, waiting=2, records=100, batches=4, busy_ms=31, dead_lettered=1),
    )
    assert told.outbox == OutboxFigures(rows=3, oldest_ms=40)
    assert (told.relay.post, told.relay.published, told.relay.failed) == ("active", 5, 1)
    assert told.troubles == ("the database does not answer: connection refused",)
    assert (told.service, told.started_at, told.every_ms, told.state) == ("billing", NOW, 1, "working")


def test_each_message_of_a_worker_has_its_key_a_number_and_an_id_of_its_own() -> None:
    wire = run(Wire(last=3))
    assert [told.number for told in wire.told()] == [1, 2, 3, 4]
    assert {(parcel.topic, parcel.key) for parcel in wire.parcels} == {(OPS_METRICS, wire.told()[0].key().encode())}
    assert len({orjson.loads(parcel.value or b"")["id"] for parcel in wire.parcels}) == 4
    assert run(Wire()).told()[0].worker_id != wire.told()[0].worker_id


def test_the_last_word_is_that_it_ends() -> None:
    assert [told.state for told in run(Wire(last=3)).told()] == ["working", "working", "working", "ending"]


def test_without_a_database_all_else_is_told() -> None:
    told = run(Wire(), outbox=Outbox(None)).told()[0]
    assert told.outbox is None
    assert told.lanes[0].behind == 7


@pytest.mark.parametrize(
    "fate",
    [KafkaProblem("no right to write"), Sent([], "TimeoutError: no acknowledgement in time"), RuntimeError("a bug")],
    ids=["refused", "lost", "bug"],
)
def test_what_goes_wrong_with_figures_costs_figures_and_nothing_else(fate: BaseException | Sent) -> None:
    wire = run(Wire([fate, fate], last=3))
    assert [told.number for told in wire.told()] == [1, 2, 3, 4]


def test_what_cannot_be_read_is_no_reason_to_end_either() -> None:
    wire = Wire(last=2)
    times = count()

    def read() -> Readings:
        if next(times) == 0:
            raise psycopg.OperationalError("a part that answers strangely")
        return readings()

    assert [told.number for told in run(wire, read).told()] == [2, 3, 4]


def test_many_and_long_troubles_are_cut_to_what_a_message_takes() -> None:
    def read() -> Readings:
        found = readings()
        now = monotonic()
        lanes = tuple(LaneSigns(f"lane-{n}" * 60, ready=False, polled_at=now, heard_at=None) for n in range(60))
        return replace(found, signs=replace(found.signs, lanes=lanes))

    told = run(Wire(), read).told()[0]
    assert len(told.troubles) == 50
    assert {len(trouble) for trouble in told.troubles} == {300}
    assert all(trouble.startswith("lane ") for trouble in told.troubles)
