"""Reads the broker's log with nothing of ours: a plain consumer, and JSON."""

from __future__ import annotations

import json
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.contracts.catalog import TOPICS
from shared.messaging.settings import KafkaSettings
from tests.containers.faults.post import Event, plainly

if TYPE_CHECKING:
    from kafka import KafkaConsumer, TopicPartition

WATCHED = tuple(topic.name for topic in TOPICS if not topic.inbound)
POLL_MS = 200
WHOLE_LOG_S = 60  # some ten thousand messages take a second; a machine that does much else takes longer


@dataclass(frozen=True)
class Seen:
    """An event where it stands in the log. `at` is the reader's clock, in seconds, when it came."""

    topic: str
    event: Event
    at: float

    @property
    def data(self) -> dict[str, Any]:
        """What the event says."""
        data: dict[str, Any] = self.event["data"]
        return data

    @property
    def identity(self) -> tuple[str, str]:
        """CloudEvents: source and id together name an event; the same again is the same event."""
        return self.event["source"], self.event["id"]


class LogReader:
    """Follows the log from its beginning in a thread of its own, through every outage."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._consumer = consumer_of(kafka)
        self._consumer.assign(places_of(self._consumer))
        self._by_type: dict[str, list[Seen]] = defaultdict(list)
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="log-reader", daemon=True)
        self._thread.start()

    def seen(self, kind: str) -> list[Seen]:
        """Every event of this type so far."""
        assert self._thread.is_alive(), "the reader of the log is dead"
        with self._lock:
            return list(self._by_type[kind])

    def everything(self) -> list[Seen]:
        """Every event so far, by type."""
        assert self._thread.is_alive(), "the reader of the log is dead"
        with self._lock:
            return [seen for of_type in self._by_type.values() for seen in of_type]

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()
        self._consumer.close()

    def _follow(self) -> None:
        while not self._stopping.is_set():
            seen = _polled(self._consumer)
            with self._lock:
                for each in seen:
                    self._by_type[each.event["type"]].append(each)


def whole_log(kafka: KafkaSettings) -> list[Seen]:
    """The log from its first message to the last that stands there now, by a reader that never read before."""
    consumer = consumer_of(kafka)
    try:
        places = places_of(consumer)
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        seen: list[Seen] = []
        deadline = time.monotonic() + WHOLE_LOG_S
        while any(consumer.position(place) < end for place, end in ends.items()):
            assert time.monotonic() < deadline, "the log cannot be read to its end"
            seen += _polled(consumer)
        return seen
    finally:
        consumer.close()


def ends_of(kafka: KafkaSettings, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The offset after the last message of each partition, now."""
    consumer = consumer_of(kafka)
    try:
        ends = consumer.end_offsets(places_of(consumer, topics))
        return {(place.topic, place.partition): end for place, end in ends.items()}
    finally:
        consumer.close()


def consumer_of(kafka: KafkaSettings) -> KafkaConsumer:
    """A reader without a group: it disturbs nobody."""
    from kafka import KafkaConsumer

    return KafkaConsumer(**plainly(kafka), group_id=None, auto_offset_reset="earliest", enable_auto_commit=False)


def places_of(consumer: KafkaConsumer, topics: Sequence[str] = WATCHED) -> list[TopicPartition]:
    """Every partition of these topics; of what the services write, unless told."""
    from kafka import TopicPartition

    return [TopicPartition(topic, number) for topic in topics for number in consumer.partitions_for_topic(topic)]


def _polled(consumer: KafkaConsumer) -> list[Seen]:
    from kafka.errors import KafkaError

    try:
        polled = consumer.poll(timeout_ms=POLL_MS)
    except KafkaError:  # an outage that the client does not sit out by itself
        time.sleep(POLL_MS / 1000)
        return []
    now = time.monotonic()
    return [
        Seen(record.topic, json.loads(record.value), now)
        for records in polled.values()
        for record in records
        if record.value is not None
    ]
