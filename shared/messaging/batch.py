"""The road of one batch: a single transaction from the offset's lock to the offset's move. Nothing in it can commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Generic, TypeVar

import psycopg

from shared.messaging import dead_letters, inbox, offsets, outbox, parking
from shared.messaging.arrivals import Arrival, Pending, pending
from shared.messaging.borders import Border
from shared.messaging.clock import Clock
from shared.messaging.crash_points import reach
from shared.messaging.log import Place
from shared.messaging.parking import Entity, Position, Waiting
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Lane, Once, Outgoing, Park, Reaction, Work

R = TypeVar("R")


@dataclass(slots=True)
class Outcome:
    """What became of a batch. `waiting` and `answered` count parked messages by partition."""

    counts: Counter[str] = field(default_factory=Counter)
    waiting: Counter[Place] = field(default_factory=Counter)
    answered: Counter[Place] = field(default_factory=Counter)
    entities_waiting: set[Entity] = field(default_factory=set)


class _OutOfTurn(Exception):
    """A handler parked a message after it had been given later ones of the same entity: roll back and hold those."""

    def __init__(self, positions: Iterable[Position]) -> None:
        super().__init__("held back to keep an entity's order")
        self.positions = frozenset(positions)


@dataclass(slots=True)
class _Effects:
    outgoing: list[Outgoing] = field(default_factory=list)
    parked: list[tuple[Pending, str]] = field(default_factory=list)
    answered: list[Position] = field(default_factory=list)
    blocked: dict[Entity, str] = field(default_factory=dict)

    def wait(self, item: Pending, waiting_for: str) -> None:
        self.parked.append((item, waiting_for))
        self.blocked.setdefault((item.place, item.entity), waiting_for)


class Road(Generic[R]):
    """Carries batches of one lane. The connection is the lane's own, with autocommit on and no transaction open."""

    def __init__(
        self, service: str, lane: Lane[R], repository_factory: Callable[[psycopg.Connection], R], clock: Clock
    ) -> None:
        self._service = service
        self._lane = lane
        self._repository_factory = repository_factory
        self._clock = clock
        self._reactions = {(reaction.topic.name, reaction.message): reaction for reaction in lane.reactions}
        self._topics = {reaction.topic.name: reaction.topic for reaction in lane.reactions}

    def carry(
        self,
        connection: psycopg.Connection,
        arrivals: Sequence[Arrival],
        expected: Mapping[Place, int],
        next_: Mapping[Place, int],
        *,
        some_wait: bool,
    ) -> Outcome:
        """Handle these records and move their partitions' offsets to `next_`, all or nothing.

        `some_wait` says that messages may be parked on these partitions. Raises `Stale` when an offset is not
        `expected`, and whatever a handler or the database raises; nothing has happened then.
        """
        held: frozenset[Position] = frozenset()
        while True:
            try:
                outcome = self._carry(connection, arrivals, expected, next_, some_wait=some_wait, held=held)
            except _OutOfTurn as again:
                held |= again.positions
                continue
            reach(Border.LANE_AFTER_COMMIT)
            return outcome

    def retry(
        self,
        connection: psycopg.Connection,
        rows: Sequence[Waiting],
        expected: Mapping[Place, int],
        set_aside: Mapping[tuple[Place, int], str],
        blocked: Mapping[Entity, str],
    ) -> Outcome:
        """Try these parked messages again; those that still wait stay where they are. Raises as `carry` does."""
        held: frozenset[Position] = frozenset()
        while True:
            try:
                outcome = self._retry(connection, rows, expected, set_aside, blocked, held)
            except _OutOfTurn as again:
                held |= again.positions
                continue
            reach(Border.PARKED_AFTER_COMMIT)
            return outcome

    def _carry(
        self,
        connection: psycopg.Connection,
        arrivals: Sequence[Arrival],
        expected: Mapping[Place, int],
        next_: Mapping[Place, int],
        *,
        some_wait: bool,
        held: frozenset[Position],
    ) -> Outcome:
        now = self._clock.now()
        with connection.transaction():
            offsets.lock(connection, self._lane.name, expected)
            reach(Border.LANE_LOCKED)
            effects, counts = _Effects(), Counter[str]()
            items = list(self._sort_out(arrivals, effects, counts))
            items = self._only_new(connection, items, counts)
            if some_wait:
                for entity in parking.entities(connection, self._lane.name, list(next_)):
                    effects.blocked[entity] = "its turn"
            self._handle(connection, items, now, effects, held)
            reach(Border.LANE_HANDLED)
            parking.park(connection, self._lane.name, effects.parked, now)
            counts["published"] = outbox.write(connection, self._service, effects.outgoing, now)
            offsets.move(connection, self._lane.name, expected, next_)
            reach(Border.LANE_BEFORE_COMMIT)
        counts["parked"] = len(effects.parked)
        return Outcome(counts, waiting=Counter(item.place for item, _ in effects.parked))

    def _retry(
        self,
        connection: psycopg.Connection,
        rows: Sequence[Waiting],
        expected: Mapping[Place, int],
        set_aside: Mapping[tuple[Place, int], str],
        blocked: Mapping[Entity, str],
        held: frozenset[Position],
    ) -> Outcome:
        now = self._clock.now()
        with connection.transaction():
            offsets.lock(connection, self._lane.name, expected)
            still, gone = parking.lock(connection, self._lane.name, rows)
            effects = _Effects(blocked=dict(blocked))
            items: list[Pending] = []
            for row in still:
                topic = self._topics.get(row.place.topic)
                reason = set_aside.get((row.place, row.offset))
                item = None if topic is None or reason else row.pending(topic, self._reactions, now)
                if item is not None:
                    items.append(item)
                    continue
                effects.answered.append(row.position)
                if topic is not None and reason:
                    arrival, unreadable = row.set_aside(topic, reason)
                    effects.outgoing.append(dead_letters.letter(self._service, arrival, row.element, unreadable))
            self._handle(connection, items, now, effects, held)
            parking.unpark(connection, self._lane.name, effects.answered)
            counts = Counter(published=outbox.write(connection, self._service, effects.outgoing, now))
            reach(Border.PARKED_BEFORE_COMMIT)
        counts["answered"] = len(effects.answered)
        answered = Counter(place for place, _, _ in (*effects.answered, *gone))
        return Outcome(counts, answered=answered, entities_waiting=set(effects.blocked))

    def _sort_out(self, arrivals: Sequence[Arrival], effects: _Effects, counts: Counter[str]) -> Iterator[Pending]:
        """Readable messages go on; unreadable ones become dead letters; what nobody asked for is counted."""
        for arrival in arrivals:
            for found in pending(arrival, self._reactions):
                if isinstance(found, Pending):
                    yield found
                elif found is None:
                    counts["ignored"] += 1
                else:
                    counts["dead_lettered"] += 1
                    effects.outgoing.append(dead_letters.letter(self._service, arrival, *found))

    def _only_new(self, connection: psycopg.Connection, items: list[Pending], counts: Counter[str]) -> list[Pending]:
        """Drop what the inbox knows, and repetitions inside the batch."""
        seen = {id(item): _seen(item) for item in items if item.reaction.once is Once.INBOX}
        new = inbox.take_new(connection, list(seen.values()))
        kept = []
        for item in items:
            key = seen.get(id(item))
            if key is None or key in new:
                kept.append(item)
                if key is not None:
                    new.discard(key)
        counts["duplicates"] = len(items) - len(kept)
        return kept

    def _handle(
        self,
        connection: psycopg.Connection,
        items: Sequence[Pending],
        now: datetime,
        effects: _Effects,
        held: frozenset[Position],
    ) -> None:
        """Call the handlers, run by run; a run is of one reaction (or mixed ones), in the order of the log."""
        work = Work(self._repository_factory(connection), now, PostgresTimers(connection))
        for _, group in groupby(items, key=lambda item: _run_of(item.reaction)):
            run = []
            for item in group:
                entity = (item.place, item.entity)
                if item.position in held:
                    effects.wait(item, "its turn")
                elif entity in effects.blocked:
                    effects.wait(item, effects.blocked[entity])
                else:
                    run.append(item)
            if run:
                self._react(run[0].reaction, run, work, effects)

    def _react(self, reaction: Reaction[R], run: Sequence[Pending], work: Work[R], effects: _Effects) -> None:
        waits: dict[int, str] = {}
        for effect in reaction.handler([item.received for item in run], work):
            if isinstance(effect, Park):
                waits[id(effect.received)] = effect.waiting_for
            else:
                effects.outgoing.append(effect)
        if len(waits.keys() & {id(item.received) for item in run}) != len(waits):
            raise AssertionError(f"{reaction.message.__name__}: parked what it was not given")
        blocked: set[Entity] = set()
        out_of_turn = []
        for item in run:
            entity = (item.place, item.entity)
            waiting_for = waits.get(id(item.received))
            if waiting_for is not None:
                if not item.received.may_wait:
                    raise AssertionError(f"{reaction.message.__name__}: parked again after its time")
                blocked.add(entity)
                effects.wait(item, waiting_for)
            elif entity in blocked:
                out_of_turn.append(item.position)
            elif item.parked_at is not None:
                effects.answered.append(item.position)
        if out_of_turn:
            raise _OutOfTurn(out_of_turn)


def _run_of(reaction: Reaction[R]) -> object:
    return reaction.handler if reaction.mixed else id(reaction)


def _seen(item: Pending) -> inbox.Seen:
    cause = item.received.cause
    return item.received.topic, cause.source, cause.id
