"""Reading whole topics outside of any group."""

from __future__ import annotations

from collections.abc import Sequence

from shared.messaging.kafka.connection import SHUTDOWN_MS, translated
from shared.messaging.kafka.reading import bounds_at, consumer, partition_at, partitions_of
from shared.messaging.log import Names, Place, Record
from shared.messaging.settings import KafkaSettings


class LogReader:
    """Reads whole topics outside of any group: for people, and as the tests' witness."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[str], *, from_beginning: bool = True) -> None:
        self._names = Names(settings.prefix)
        with translated("cannot reach Kafka"):
            self._consumer = consumer(settings, "refill-reader", None)
            partitions = partitions_of(self._consumer, self._names.topics(topics))
            try:
                self.bounds = bounds_at(self._consumer, partitions, self._names)
            except BaseException:
                self.close()
                raise
            self._consumer.assign(partitions)
            for place, (first, end) in self.bounds.items():
                self._consumer.seek(partition_at(self._names, place), first if from_beginning else end)
        self.ends = {place: end for place, (_, end) in self.bounds.items()}

    def poll(self, timeout_ms: int = 200) -> list[tuple[Place, Record]]:
        """What has come, in order within each partition."""
        with translated("reading from Kafka"):
            polled = self._consumer.poll(timeout_ms=timeout_ms, max_records=5_000)
        return [(self._names.place(partition), record) for partition in polled for record in polled[partition]]

    def close(self) -> None:
        self._consumer.close(autocommit=False, timeout_ms=SHUTDOWN_MS)


def bounds_of(settings: KafkaSettings, topics: Sequence[str]) -> dict[Place, tuple[int, int]]:
    """The bounds of every partition of these topics: first offset, and the one after the last."""
    reader = LogReader(settings, topics)
    reader.close()
    return reader.bounds
