"""Readable messages whose subject is not known yet wait here while their partition goes on, for at most 30 seconds.

What comes behind a parked message under the same key waits too, so the order of an entity's messages is kept; since
nothing waits longer than the limit, neither does the last of such a queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from shared.contracts import envelope
from shared.contracts.decode import Tombstone
from shared.contracts.envelope import Envelope
from shared.contracts.flaws import Flaw, FlawError, Unreadable
from shared.contracts.topics import Topic
from shared.messaging.arrivals import Arrival, Pending, cause_of, cause_of_tombstone
from shared.messaging.log import Place
from shared.messaging.work import Reaction, Received
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("queries.sql"))

LIMIT = timedelta(seconds=30)  # how long a directory message may lag behind a command that needs it
RETRY_EVERY_S = 0.25  # what a command for a workspace made a moment ago waits for at most, once it is known
MAX_WAITING = 5_000  # beyond it the lane takes nothing new until some are answered: at most LIMIT later

Entity = tuple[Place, str]
Position = tuple[Place, int, int]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A parked message as stored."""

    place: Place
    offset: int
    element: int
    entity: str
    value: bytes | None
    appended_at: datetime
    parked_at: datetime

    @property
    def position(self) -> Position:
        return self.place, self.offset, self.element

    def id(self) -> str:
        """For people who look for the message."""
        return f"parked, of {self.entity}"

    @property
    def timestamp(self) -> int:
        return int(self.appended_at.timestamp() * 1000)

    @property
    def key(self) -> bytes:
        return self.entity.encode()

    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]:
        return ()

    def pending(
        self, topic: Topic, reactions: Mapping[tuple[str, type[Any]], Reaction[Any]], now: datetime
    ) -> Pending | None:
        """The message with its reaction, as it was when it was parked; None when nobody reacts to it any more."""
        message: Any = Tombstone(self.entity)
        event: Envelope | None = None
        cause = cause_of_tombstone(self.place, self.offset)
        if self.value is not None:
            event = _event(self.value)
            message_type = topic.message_of(event.type)
            if message_type is None:
                return None
            message, cause = message_type.read(event.data), cause_of(event)
        reaction = reactions.get((topic.name, type(message)))
        if reaction is None:
            return None
        received = Received(
            message, cause, topic.name, self.place.partition, self.offset, self.element, self.appended_at
        )
        still = replace(received, may_wait=now - self.parked_at < LIMIT)
        return Pending(reaction, still, self.place, self.entity, event, self.parked_at)

    def set_aside(self, topic: Topic, reason: str) -> tuple[Arrival, Unreadable]:
        """For the dead letters: the event as parked, in structured mode."""
        unreadable = Unreadable(Flaw.QUARANTINED, reason, self.value)
        return Arrival(topic, self.place, self, self.appended_at, [unreadable]), unreadable


def park(connection: psycopg.Connection, lane: str, waiting: Iterable[tuple[Pending, str]], now: datetime) -> None:
    """Store messages that cannot be handled yet, each with what it waits for."""
    rows = [
        {
            "lane": lane,
            "topic": item.place.topic,
            "partition": item.place.partition,
            "record_offset": item.received.offset,
            "element": item.received.element,
            "entity": item.entity,
            "value": None if item.envelope is None else envelope.write(item.envelope),
            "appended_at": item.received.appended_at,
            "parked_at": now,
            "waiting_for": waiting_for,
        }
        for item, waiting_for in waiting
    ]
    if rows:
        with connection.cursor() as cursor:
            cursor.executemany(QUERIES["park"], rows)


def lock(connection: psycopg.Connection, lane: str, rows: Sequence[Waiting]) -> tuple[list[Waiting], list[Position]]:
    """Hold these until the transaction ends: those that still wait, and the places of those that are gone.

    The offset does not move when parked messages are tried again, so it cannot tell that a COMMIT whose reply was lost
    went through; the rows can.
    """
    found = connection.execute(QUERIES["lock_parked"], _positions(lane, [row.position for row in rows])).fetchall()
    still = {(Place(topic, partition), offset, element) for topic, partition, offset, element in found}
    return [row for row in rows if row.position in still], [row.position for row in rows if row.position not in still]


def unpark(connection: psycopg.Connection, lane: str, positions: Sequence[Position]) -> None:
    """Remove messages that have been answered."""
    if positions:
        connection.execute(QUERIES["unpark"], _positions(lane, positions))


def queues(rows: Iterable[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
    """The first of each entity's queue, and all the others; both in the order given."""
    heads: list[Waiting] = []
    others: list[Waiting] = []
    seen: set[Entity] = set()
    for row in rows:
        entity = (row.place, row.entity)
        (others if entity in seen else heads).append(row)
        seen.add(entity)
    return heads, others


def read(connection: psycopg.Connection, lane: str, places: Sequence[Place]) -> list[Waiting]:
    """Everything that waits on these partitions, in the order of the log."""
    rows = connection.execute(QUERIES["read_parked"], {**_places(lane, places), "rows": 2 * MAX_WAITING}).fetchall()
    return [Waiting(Place(topic, partition), *rest) for topic, partition, *rest in rows]


def entities(connection: psycopg.Connection, lane: str, places: Sequence[Place]) -> set[Entity]:
    """Who waits on these partitions."""
    rows = connection.execute(QUERIES["parked_entities"], _places(lane, places)).fetchall()
    return {(Place(topic, partition), entity) for topic, partition, entity in rows}


def count(connection: psycopg.Connection, lane: str, places: Sequence[Place]) -> dict[Place, int]:
    """How many messages wait on each of these partitions; those without any are left out."""
    rows = connection.execute(QUERIES["count_parked"], _places(lane, places)).fetchall()
    return {Place(topic, partition): number for topic, partition, number in rows}


def _places(lane: str, places: Sequence[Place]) -> dict[str, Any]:
    return {
        "lane": lane,
        "topics": [place.topic for place in places],
        "partitions": [place.partition for place in places],
    }


def _positions(lane: str, positions: Sequence[Position]) -> dict[str, Any]:
    return {
        **_places(lane, [place for place, _, _ in positions]),
        "offsets": [offset for _, offset, _ in positions],
        "elements": [element for _, _, element in positions],
    }


def _event(value: bytes) -> Envelope:
    (event,) = envelope.read(value, (), batch_allowed=False)
    if isinstance(event, FlawError):
        raise event
    return event
