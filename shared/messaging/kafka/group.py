"""A member of a consumer group."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from time import monotonic

from kafka import ConsumerRebalanceListener, TopicPartition
from kafka.structs import MemberState

from shared.messaging.kafka.connection import SHUTDOWN_MS, kafka_errors, translated
from shared.messaging.kafka.reading import bounds_at, consumer, partition_at, partitions_of
from shared.messaging.log import Names, Place, Record
from shared.messaging.settings import KafkaSettings

SPARE_AFTER_S = 5.0  # a member without partitions for so long is there for when another one goes


class GroupConsumer(ConsumerRebalanceListener):  # type: ignore[misc]  # kafka-python has no types
    """A member of a consumer group that delivers nothing from a partition before its owner has placed it.

    The listener runs on the client's IO thread, where whatever blocks or raises loses membership or position: it only
    pauses what is newly assigned and notes it as `fresh`; the owner reads its offsets and calls `place`.
    """

    def __init__(self, settings: KafkaSettings, group: str, topics: Sequence[str]) -> None:
        self._names = Names(settings.prefix)
        self._fresh: set[Place] = set()
        self._joined_at: float | None = None
        self._lock = threading.Lock()
        with translated("cannot reach Kafka"):
            self._consumer = consumer(settings, group, settings.prefix + group)
            names = self._names.topics(topics)
            self._consumer.subscribe(topics=names, listener=self)
            # Known before the first poll, or the first joining assigns nothing and a second one must follow.
            self._partitions = partitions_of(self._consumer, names)

    def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        with self._lock:
            self._fresh -= set(self._names.places(revoked))

    def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        with self._lock:
            self._joined_at = self._joined_at or monotonic()
            for partition in assigned:
                self._consumer.pause(partition)
                self._consumer.seek(partition, 0)  # any position: without one the next poll raises
                self._fresh.add(self._names.place(partition))

    def fresh(self) -> set[Place]:
        """Assigned, but not placed yet."""
        with self._lock:
            return set(self._fresh)

    def spare(self) -> bool:
        """A member that others leave nothing to. The first assignment is often empty, so wait for a second one."""
        joined_for_s = monotonic() - self._joined_at if self._joined_at else 0.0
        return joined_for_s > SPARE_AFTER_S and not self._consumer.assignment()

    def heard_at(self) -> float | None:
        """When the group's coordinator last answered, by the monotonic clock; None while we are in no group."""
        coordinator = self._consumer._coordinator
        if coordinator.state is MemberState.UNJOINED:
            return None
        heard: float = max(coordinator.heartbeat.last_receive, coordinator.heartbeat.last_reset)
        return heard

    def all_places(self) -> set[Place]:
        """Every partition of the topics, whoever has it."""
        return set(self._names.places(self._partitions))

    def owned(self) -> set[Place]:
        """Assigned and placed."""
        with self._lock:
            return set(self._names.places(self._consumer.assignment())) - self._fresh

    def unplace(self, places: Collection[Place]) -> None:
        """Deliver nothing more from these until they are placed anew."""
        with self._lock:
            for partition in self._still_assigned(places):
                self._consumer.pause(partition)
                self._fresh.add(self._names.place(partition))

    def place(self, offsets: Mapping[Place, int]) -> set[Place]:
        """Go on at these offsets. Returns those that are still assigned; the others have been lost meanwhile."""
        with self._lock:
            placed = self._still_assigned(offsets)
            for partition in placed:
                self._consumer.seek(partition, offsets[self._names.place(partition)])
                self._consumer.resume(partition)
            self._fresh -= set(self._names.places(placed))
            return set(self._names.places(placed))

    def hold(self) -> None:
        """Deliver nothing, keep the membership alive: poll goes on, and returns nothing."""
        with self._lock:
            self._consumer.pause(*self._consumer.assignment())

    def release(self) -> None:
        """The end of `hold`."""
        with self._lock:
            placed = [tp for tp in self._consumer.assignment() if self._names.place(tp) not in self._fresh]
            self._consumer.resume(*placed)

    def poll(self, timeout_ms: int, max_records: int) -> dict[Place, list[Record]]:
        """What has come. Below 50 ms the client never joins its group. Raises Weather, LogMoved, KafkaProblem."""
        self._keep_the_join()
        with translated("reading from Kafka"):
            polled = self._consumer.poll(timeout_ms=max(50, timeout_ms), max_records=max_records)
        return {self._names.place(partition): records for partition, records in polled.items()}

    def position(self, place: Place) -> int | None:
        """The next offset to be delivered: past the last one, and past what compaction or aborts have removed."""
        with translated("reading from Kafka"):
            position: int | None = self._consumer.position(partition_at(self._names, place), timeout_ms=0)
        return position

    def ends(self) -> dict[Place, int]:
        """Where the logs of what is owned end, as the last answers to fetches said: asks nobody."""
        with self._lock:
            known = {self._names.place(tp): self._end(tp) for tp in self._consumer.assignment()}
        return {place: end for place, end in known.items() if end is not None}

    def bounds(self, places: Collection[Place]) -> dict[Place, tuple[int, int]]:
        """The log's first offset and the one after its last. Raises Weather when the broker does not answer."""
        return bounds_at(self._consumer, [partition_at(self._names, place) for place in places], self._names)

    def close(self) -> None:
        """Leave the group at once, so that the others need not wait for the session to end."""
        with suppress(kafka_errors.KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=SHUTDOWN_MS)

    def _keep_the_join(self) -> None:
        """A joining that ends between two polls is forgotten by the client (3.0.12), which then idles for ever.

        A task left over from the last poll tells: asked to join, the client takes up what is under way, or joins anew.
        """
        coordinator = self._consumer._coordinator
        if coordinator._join_task is not None:
            coordinator.request_rejoin()

    def _end(self, partition: TopicPartition) -> int | None:
        try:
            end: int | None = self._consumer.highwater(partition)
        except kafka_errors.IllegalStateError:  # taken away at this moment
            return None
        return end

    def _still_assigned(self, places: Collection[Place]) -> list[TopicPartition]:
        return [tp for tp in self._consumer.assignment() if self._names.place(tp) in places]
