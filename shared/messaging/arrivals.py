"""A record as it arrived, decoded; and each of its messages on the way to a handler."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.decode import Decoded, Element, Tombstone, decode
from shared.contracts.envelope import Envelope
from shared.contracts.flaws import Flaw, Unreadable
from shared.contracts.topics import Topic
from shared.messaging.log import Place, Record
from shared.messaging.work import Cause, Reaction, Received

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_MS = 4_102_444_800_000  # 2100: a time no broker of ours has; a foreign producer's claim may say anything


@dataclass(slots=True)
class Arrival:
    """One Kafka record of a topic, read into its elements."""

    topic: Topic
    place: Place
    record: Record
    appended_at: datetime
    elements: list[Element] = field(repr=False)

    @property
    def offset(self) -> int:
        return self.record.offset

    def id(self) -> str:
        """The envelope's id, for people who look for the record; of a batch, its first one."""
        return next((e.envelope.id for e in self.elements if isinstance(e, Decoded)), "unread")


@dataclass(slots=True)
class Pending:
    """One message on its way to the handler of its reaction. `entity` is within what order is kept."""

    reaction: Reaction[Any]
    received: Received[Any]
    place: Place
    entity: str
    envelope: Envelope | None
    parked_at: datetime | None = None

    @property
    def position(self) -> tuple[Place, int, int]:
        return self.place, self.received.offset, self.received.element


def arrive(topic: Topic, place: Place, record: Record, set_aside: Mapping[tuple[Place, int], str]) -> Arrival:
    """Decode one record. One that a person has set aside is not read at all."""
    appended_at = _EPOCH + timedelta(milliseconds=min(max(record.timestamp, 0), _LAST_MS))
    reason = set_aside.get((place, record.offset))
    if reason is not None:
        return Arrival(topic, place, record, appended_at, [Unreadable(Flaw.QUARANTINED, reason, record.value)])
    return Arrival(topic, place, record, appended_at, decode(topic, record.key, record.value, record.headers))


def bounded(arrivals: Sequence[Arrival], most: int) -> Iterator[Sequence[Arrival]]:
    """Cut into batches of at most `most` messages, so that a transaction stays short whatever batch mode brings.

    A record is never cut: one with more messages than that is a batch of its own.
    """
    start = messages = 0
    for index, arrival in enumerate(arrivals):
        if index > start and messages + len(arrival.elements) > most:
            yield arrivals[start:index]
            start, messages = index, 0
        messages += len(arrival.elements)
    if arrivals:
        yield arrivals[start:]


def cause_of(envelope: Envelope) -> Cause:
    """An event's cause is its envelope. Whoever starts a conversation need not name it: the first id does."""
    return Cause(envelope.source, envelope.id, envelope.correlation_id or envelope.id, envelope.traceparent)


def cause_of_tombstone(place: Place, offset: int) -> Cause:
    """A null has no envelope; its place in the log is its id."""
    return Cause(f"/kafka/{place.topic}", f"{place.partition}/{offset}")


def pending(
    arrival: Arrival, reactions: Mapping[tuple[str, type[Any]], Reaction[Any]]
) -> Iterable[Pending | tuple[int, Unreadable] | None]:
    """Each element: a message with its reaction, an unreadable one with its number, None for what nobody asked for."""
    topic_name, place, offset = arrival.topic.name, arrival.place, arrival.record.offset
    for number, element in enumerate(arrival.elements):
        if isinstance(element, Unreadable):
            yield number, element
            continue
        message = element.message if isinstance(element, Decoded) else element
        reaction = reactions.get((topic_name, type(message)))
        if reaction is None:
            yield None
            continue
        if isinstance(element, Decoded):
            cause, entity, envelope = cause_of(element.envelope), element.message.entity(), element.envelope
        else:
            assert isinstance(element, Tombstone), "a reaction to what nobody can name"
            cause, entity, envelope = cause_of_tombstone(place, offset), element.key, None
        received = Received(message, cause, topic_name, place.partition, offset, number, arrival.appended_at)
        yield Pending(reaction, received, place, entity, envelope)
