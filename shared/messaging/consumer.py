"""One lane: reads its topics, carries batches down the road, waits out the weather, stops where a person is needed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from time import monotonic
from typing import Generic, TypeVar

import psycopg
import structlog

from shared.messaging import offsets, parking
from shared.messaging.arrivals import Arrival, arrive, bounded
from shared.messaging.batch import Outcome, Road
from shared.messaging.borders import Border
from shared.messaging.clock import Clock
from shared.messaging.coldstart import LOOK_EVERY_S, ColdStart
from shared.messaging.crash_points import reach
from shared.messaging.division import divide
from shared.messaging.failures import Bug, Weather
from shared.messaging.figures import LaneCount
from shared.messaging.health import LaneSigns
from shared.messaging.kafka import GroupConsumer
from shared.messaging.log import KafkaProblem, LogMoved, Place, Record
from shared.messaging.offsets import Stale
from shared.messaging.onlooker import Onlooker
from shared.messaging.parking import MAX_WAITING, Waiting
from shared.messaging.patience import Stopped
from shared.messaging.placement import Placer
from shared.messaging.retry import IN_PLACE
from shared.messaging.session import Session
from shared.messaging.settings import KafkaSettings
from shared.messaging.watchdog import Stalled, Watchdog
from shared.messaging.weather import Insistence, is_weather
from shared.messaging.work import Lane
from shared.observability.errors import describe
from shared.observability.errors import place as place_of
from shared.postgres.pool import Database

R = TypeVar("R")
T = TypeVar("T")

MEASURE_EVERY_S = 1.0  # how often a lane looks how far it is behind
GAPS_EVERY_S = 1.0  # how often an idle lane steps over offsets that hold no record
POLL_WHILE_WAITING_MS = 50  # parked messages are due every 250 ms

TELL_EVERY = 10  # of the tries in one stretch of bad weather: the first and then each tenth tell as much as all
PASSING = (Stale, Stopped, KafkaProblem)  # no handler's fault

log = structlog.get_logger(__name__)


class LaneConsumer(Generic[R]):
    """A thread's target: `run` returns when `stopping` is set and raises when a person is needed."""

    def __init__(
        self,
        service_name: str,
        lane: Lane[R],
        database: Database,
        kafka_settings: KafkaSettings,
        repository_factory: Callable[[psycopg.Connection], R],
        clock: Clock,
        stopping: threading.Event,
    ) -> None:
        self._group = f"{service_name}.{lane.name}"
        self._lane = lane
        self._settings = kafka_settings
        self._stopping = stopping
        self._session = Session(database)
        self._road = Road(service_name, lane, repository_factory, clock)
        self._placer = Placer(lane.name)
        self._watchdog = Watchdog()
        self._onlooker: Onlooker | None = None
        self._topics = {reaction.topic.name: reaction.topic for reaction in lane.reactions}
        self._consumer: GroupConsumer | None = None
        self._stored: dict[Place, int] = {}
        self._waiting: Counter[Place] = Counter()
        self._set_aside: dict[tuple[Place, int], str] = {}
        self._retry_at = 0.0
        self._gaps_at = 0.0
        self._measure_at = 0.0
        self._behind: int | None = None
        self._polled_at = monotonic()
        self.ready = threading.Event()
        """Set once the lane has its first partitions, or has been told that others have them all."""
        self.figures: Counter[str] = Counter()
        """Records read, and what became of their messages: for metrics."""

    def signs(self) -> LaneSigns:
        """What tells whether this lane lives. Any thread may ask."""
        consumer = self._consumer
        heard_at = consumer.heard_at() if consumer is not None else None
        return LaneSigns(self._lane.name, self.ready.is_set(), self._polled_at, heard_at)

    def count(self) -> LaneCount:
        """What has been counted and where it stands. Any thread may ask."""
        return LaneCount(self._lane.name, self._behind, self._waiting.total(), dict(self.figures))

    def run(self) -> None:
        """Consume until told to stop; then finish the batch in hand and leave the group at once.

        Raises `Bug` (one message's handler), `MissingRecords` (the log lost what comes next), `KafkaProblem` (rights,
        names, data), `Stalled` (the client delivers nothing though there is something): the worker must end and say so.
        """
        try:
            self._wait_for_others()
            self._consumer = self._patiently(self._join)
            while not self._stopping.is_set():
                self._turn(self._consumer)
        except Stopped:
            pass
        finally:
            if self._consumer is not None:
                self._consumer.close()
            self._session.close()

    def _wait_for_others(self) -> None:
        if not self._lane.after:
            return
        cold_start = self._patiently(lambda: ColdStart.of(self._lane.after, self._settings))
        first = True
        while behind := self._patiently(lambda: cold_start.behind(self._session.connection())):
            if first:
                log.info("lane.waits", lane=self._group, behind=len(behind), topics=sorted({p.topic for p in behind}))
            first = False
            if self._stopping.wait(LOOK_EVERY_S):
                raise Stopped(self._group)
        log.info("lane.starts", lane=self._group)

    def _turn(self, consumer: GroupConsumer) -> None:
        if fresh := consumer.fresh():
            self._place(consumer, fresh)
        self._measure(consumer)
        self._retry_parked(consumer)
        if self._waiting.total() >= MAX_WAITING:
            self._wait_out(parking.RETRY_EVERY_S)
            return
        if records := self._poll(consumer):
            self._take(consumer, records)
        else:
            if consumer.spare():
                self.ready.set()
            self._cross_gaps(consumer)
            self._watch(consumer)

    def _measure(self, consumer: GroupConsumer) -> None:
        """How many records are not applied yet. While nothing is fetched, the log's end is the last one known."""
        if monotonic() < self._measure_at:
            return
        self._measure_at = monotonic() + MEASURE_EVERY_S
        owned, ends = consumer.owned(), consumer.ends()
        self._behind = sum(max(0, end - self._stored[place]) for place, end in ends.items() if place in owned)

    def _watch(self, consumer: GroupConsumer) -> None:
        if consumer.owned() or consumer.fresh():
            self._onlooker = None
            self._watchdog.look(consumer, self._stored)
            return
        self._onlooker = self._onlooker or Onlooker(consumer, self._read_offsets)
        try:
            self._onlooker.look()
        except Stalled as error:
            log.warning("lane.joins-anew", lane=self._group, error=str(error))
            self._onlooker = None
            consumer.close()
            self._consumer = None
            self._consumer = self._patiently(self._join)

    def _read_offsets(self, places: Collection[Place]) -> Mapping[Place, int]:
        return self._patiently(lambda: offsets.read(self._session.connection(), self._lane.name, list(places)))

    def _join(self) -> GroupConsumer:
        return GroupConsumer(self._settings, self._group, list(self._topics))

    def _poll(self, consumer: GroupConsumer) -> Mapping[Place, Sequence[Record]]:
        timeout_ms = POLL_WHILE_WAITING_MS if self._waiting.total() else self._settings.poll_timeout_ms
        most = min(self._lane.max_batch, self._settings.max_poll_records)
        self._polled_at = monotonic()
        try:
            polled = consumer.poll(timeout_ms, most)
        except LogMoved as error:
            log.warning("lane.log-moved", lane=self._group, error=str(error))
            consumer.unplace(consumer.owned())
            return {}
        except Weather as error:
            log.warning("lane.weather", lane=self._group, error=str(error))
            self._stopping.wait(IN_PLACE.first_s)
            return {}
        return polled

    def _place(self, consumer: GroupConsumer, fresh: Collection[Place]) -> None:
        found = self._patiently(lambda: self._placer.find(self._session.connection(), consumer, fresh))
        self._set_aside.update(found.set_aside)
        for place, offset in found.offsets.items():
            self._stored[place] = offset
            self._waiting[place] = found.waiting.get(place, 0)
        placed = consumer.place(found.offsets)
        reach(Border.LANE_PLACED)
        self._watchdog.forget(placed)
        owned = consumer.owned()
        for place in self._waiting.keys() - owned:
            del self._waiting[place]  # whoever owns the partition now answers what waits there
        self.ready.set()
        log.info("lane.placed", lane=self._group, partitions=len(placed), waiting=self._waiting.total())

    def _take(self, consumer: GroupConsumer, polled: Mapping[Place, Sequence[Record]]) -> None:
        reach(Border.LANE_POLLED)
        order = list(self._topics)
        places = sorted(polled, key=lambda place: (order.index(place.topic), place.partition))
        # The client's position must never lie before ours: the offset alone would not tell such a repetition.
        astray = {place for place in places if polled[place][0].offset < self._stored[place]}
        try:
            arrivals, bug = self._read({place: polled[place] for place in places if place not in astray})
            for batch in bounded(arrivals, self._lane.max_batch):
                divide(batch, self._carry, PASSING)
            if bug is not None:
                raise bug
            if astray:
                raise Stale(astray)
        except Stale as stale:
            self._replace(consumer, {*places, *stale.places})

    def _read(self, polled: Mapping[Place, Sequence[Record]]) -> tuple[list[Arrival], Bug | None]:
        """Decode everything. Decoding never fails; should it all the same, then what stood before goes its way."""
        arrivals: list[Arrival] = []
        for place, records in polled.items():
            for record in records:
                try:
                    arrivals.append(arrive(self._topics[place.topic], place, record, self._set_aside))
                except Exception as error:
                    return arrivals, Bug(*place, record.offset, "unread", f"{describe(error)} at {place_of(error)}")
        return arrivals, None

    def _carry(self, arrivals: Sequence[Arrival]) -> None:
        next_ = {arrival.place: arrival.offset + 1 for arrival in arrivals}
        expected = {place: self._stored[place] for place in next_}
        some_wait = any(self._waiting[place] for place in next_)
        began = monotonic()
        outcome = self._patiently(
            lambda: self._road.carry(self._session.connection(), arrivals, expected, next_, some_wait=some_wait),
            next_,
            Insistence(),
        )
        self._stored.update(next_)
        self.figures["records"] += len(arrivals)
        self.figures["batches"] += 1
        self.figures["busy_ms"] += round(1000 * (monotonic() - began))
        self._note(outcome)

    def _note(self, outcome: Outcome) -> None:
        self._waiting.update(outcome.waiting)
        self._waiting.subtract(outcome.answered)
        self.figures.update(outcome.counts)
        for name in ("dead_lettered", "parked"):
            if outcome.counts[name]:
                log.warning(f"lane.{name.replace('_', '-')}", lane=self._group, messages=outcome.counts[name])

    def _retry_parked(self, consumer: GroupConsumer) -> None:
        """First the head of each entity's queue; where the head got through, the rest of that queue."""
        places = [place for place in consumer.owned() if self._waiting[place] > 0]
        if not places or monotonic() < self._retry_at:
            return
        self._retry_at = monotonic() + parking.RETRY_EVERY_S
        try:
            rows = self._patiently(lambda: parking.read(self._session.connection(), self._lane.name, places), places)
            blocked: dict[parking.Entity, str] = {}
            heads, others = parking.queues(rows)
            self._retry(heads, blocked)
            self._retry(others, blocked)
        except Stale as stale:
            self._replace(consumer, {*places, *stale.places})

    def _retry(self, rows: Sequence[Waiting], blocked: dict[parking.Entity, str]) -> None:
        def attempt(part: Sequence[Waiting]) -> None:
            todo = [row for row in part if (row.place, row.entity) not in blocked]
            if not todo:
                return
            expected = {row.place: self._stored[row.place] for row in todo}
            outcome = self._patiently(
                lambda: self._road.retry(self._session.connection(), todo, expected, self._set_aside, blocked),
                expected,
                Insistence(),
            )
            blocked.update(dict.fromkeys(outcome.entities_waiting, "its turn"))
            self._note(outcome)

        for start in range(0, len(rows), self._lane.max_batch):
            divide(rows[start : start + self._lane.max_batch], attempt, PASSING)

    def _cross_gaps(self, consumer: GroupConsumer) -> None:
        """Offsets whose records compaction or an abort has removed are read too, once the client is past them."""
        if monotonic() < self._gaps_at:
            return
        self._gaps_at = monotonic() + GAPS_EVERY_S
        next_ = {}
        for place in consumer.owned():
            position = consumer.position(place)
            if position is not None and position > self._stored[place]:
                next_[place] = position
        if not next_:
            return
        expected = {place: self._stored[place] for place in next_}
        try:
            self._patiently(
                lambda: self._road.carry(self._session.connection(), [], expected, next_, some_wait=False), next_
            )
            self._stored.update(next_)
        except Stale as stale:
            self._replace(consumer, stale.places)

    def _replace(self, consumer: GroupConsumer, places: Collection[Place]) -> None:
        """What was fetched is dropped; the next turn reads the stored offsets and goes on from there."""
        log.info("lane.lost-its-place", lane=self._group, partitions=len(places))
        self.figures["lost_its_place"] += 1
        consumer.unplace(places)

    def _patiently(
        self, attempt: Callable[[], T], places: Collection[Place] = (), insistence: Insistence | None = None
    ) -> T:
        """Try until it works, while the membership lives. Raises `Stale` when `places` are lost meanwhile.

        With `insistence`, for work that can be divided: raises the weather that the work itself seems to bring about.
        """
        failed = 0
        while True:
            try:
                return attempt()
            except Exception as error:
                if not is_weather(error) or (insistence and insistence.ends(error)):
                    raise
                failed += 1
                if failed % TELL_EVERY == 1:
                    log.warning("lane.weather", lane=self._group, error=describe(error), failed=failed)
            self._wait_out(IN_PLACE.delay_s(failed, self._group))
            if self._consumer is not None and not self._consumer.owned().issuperset(places):
                raise Stale(places)

    def _wait_out(self, seconds: float) -> None:
        """Wait, and go on polling with everything paused, so that the group does not take us for dead."""
        if self._consumer is None:
            if self._stopping.wait(seconds):
                raise Stopped(self._group)
            return
        self._consumer.hold()
        until = monotonic() + seconds
        try:
            while monotonic() < until:
                if self._stopping.is_set():
                    raise Stopped(self._group)
                left_ms = int((until - monotonic()) * 1000)
                self._consumer.unplace(self._poll_held(min(left_ms, self._settings.poll_timeout_ms)))
        finally:
            self._consumer.release()

    def _poll_held(self, timeout_ms: int) -> Collection[Place]:
        """Places that have moved although they were held: none, as far as anyone knows."""
        assert self._consumer is not None
        self._polled_at = monotonic()
        try:
            return self._consumer.poll(timeout_ms, 1).keys()
        except LogMoved:
            return self._consumer.owned()
        except Weather:
            return ()
