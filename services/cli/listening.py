"""Reading event topics outside of any group: what passes from now on, or what is kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from shared.contracts.catalog import BY_NAME
from shared.contracts.decode import Decoded, Element, decode
from shared.contracts.envelope import Envelope
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.messaging.kafka import LogReader
from shared.messaging.log import Place, Record
from shared.messaging.settings import KafkaSettings

POLL_MS = 100
# The last offsets of a log may hold nothing (compaction, markers of transactions): silence this long is its end, too.
SILENCE_S = 2.0


class NoAnswer(Exception):
    """What was waited for did not come in time."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One element of one Kafka message, at its place in the log. `at` is the log's own time-stamp."""

    place: Place
    offset: int
    at: datetime
    key: str | None
    element: Element


@dataclass(frozen=True, slots=True)
class Event:
    """One readable event."""

    topic: str
    at: datetime
    envelope: Envelope
    message: Message


class Listening:
    """Reads topics, from their end as it was at the start unless told otherwise. A context manager."""

    def __init__(self, kafka: KafkaSettings, topics: Sequence[Topic], *, from_beginning: bool = False) -> None:
        self._reader = LogReader(kafka, [topic.name for topic in topics], from_beginning=from_beginning)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._reader.close()

    def poll(self, timeout_ms: int = POLL_MS) -> list[Seen]:
        """What has come, readable or not, in order within each partition."""
        return [seen for place, record in self._reader.poll(timeout_ms) for seen in _elements(place, record)]

    def events(self, timeout_ms: int = POLL_MS) -> list[Event]:
        """What has come and can be read."""
        return [event for seen in self.poll(timeout_ms) for event in _event(seen)]

    def until(
        self,
        final: Callable[[Event], bool],
        timeout_s: float,
        *,
        passing: Callable[[Event], None] = lambda _: None,
    ) -> Event:
        """The first event that is `final`; every one before it is given to `passing`. Raises `NoAnswer`."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            for event in self.events():
                if final(event):
                    return event
                passing(event)
        raise NoAnswer(f"no answer within {timeout_s:g} s")

    def kept(self) -> Iterator[Seen]:
        """Everything up to the end as it was at the start. For a reader from the beginning."""
        open_ends = {place: end for place, end in self._reader.ends.items() if end > 0}
        heard_at = time.monotonic()
        while open_ends and time.monotonic() < heard_at + SILENCE_S:
            for place, record in self._reader.poll(POLL_MS):
                heard_at = time.monotonic()
                if record.offset + 1 >= open_ends.get(place, 0):
                    open_ends.pop(place, None)
                yield from _elements(place, record)


def kept_events(kafka: KafkaSettings, topics: Sequence[Topic]) -> list[Event]:
    """Every readable event that the topics still hold, oldest first by the log's time-stamps."""
    with Listening(kafka, topics, from_beginning=True) as listening:
        events = [event for seen in listening.kept() for event in _event(seen)]
    return sorted(events, key=lambda event: event.at)


def latest_events(kafka: KafkaSettings, topic: Topic) -> dict[str, Event]:
    """The newest event of each key of a compacted topic; what a tombstone removed is not there."""
    latest: dict[str, Event] = {}
    with Listening(kafka, [topic], from_beginning=True) as listening:
        for seen in listening.kept():
            key = seen.key or ""
            latest.pop(key, None)
            for event in _event(seen):
                latest[key] = event
    return latest


def _elements(place: Place, record: Record) -> Iterator[Seen]:
    at = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    key = None if record.key is None else record.key.decode("utf-8", "replace")
    for element in decode(BY_NAME[place.topic], record.key, record.value, record.headers):
        yield Seen(place, record.offset, at, key, element)


def _event(seen: Seen) -> list[Event]:
    if not isinstance(seen.element, Decoded):
        return []
    return [Event(seen.place.topic, seen.at, seen.element.envelope, seen.element.message)]
