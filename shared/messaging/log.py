"""Our own words for what stands in Kafka: places, records, parcels, and what can go wrong. No library here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from shared.contracts.topics import Topic

RECORD_OVERHEAD_BYTES = 512  # record and batch framing, which the broker's max.message.bytes counts too


class KafkaProblem(Exception):
    """Kafka refuses, for a reason that waiting does not mend: rights, names, data. Says which."""


class LogMoved(Exception):
    """The log does not hold the offset asked for. Whoever reads must look at the log's bounds."""


class Place(NamedTuple):
    """A partition, by the topic's name in the catalog."""

    topic: str
    partition: int


class Partition(Protocol):
    """A partition as the client names it."""

    @property
    def topic(self) -> str: ...
    @property
    def partition(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Names:
    """Between the catalog's names and the broker's, which begin with the environment's prefix."""

    prefix: str

    def topics(self, topics: Iterable[str]) -> list[str]:
        """The broker's names of these topics."""
        return [self.prefix + topic for topic in topics]

    def place(self, partition: Partition) -> Place:
        """The catalog's name of a partition."""
        return Place(partition.topic[len(self.prefix) :], partition.partition)

    def places(self, partitions: Iterable[Partition]) -> list[Place]:
        """The same for many."""
        return [self.place(partition) for partition in partitions]


class Record(Protocol):
    """One Kafka message as it stands in the log."""

    @property
    def offset(self) -> int: ...
    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970: the broker's append time on inbound topics, the relay's on our own."""

    @property
    def key(self) -> bytes | None: ...
    @property
    def value(self) -> bytes | None: ...
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...


@dataclass(frozen=True, slots=True)
class Parcel:
    """One message to publish."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

    def size_bytes(self) -> int:
        headers = sum(len(name) + len(content or b"") for name, content in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers + RECORD_OVERHEAD_BYTES

    def check(self) -> None:
        """Raise KafkaProblem where the broker would refuse it: found there, it costs the whole producer."""
        if self.size_bytes() > self.topic.max_message_bytes:
            raise KafkaProblem(f"{self.size_bytes()} bytes are more than {self.topic.name} takes")
        if self.key is None and (self.value is None or self.topic.cleanup == "compact"):
            raise KafkaProblem(f"a message on {self.topic.name} needs a key")


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of parcels: the indexes of those acknowledged, and what went wrong with the others, if anything.

    `passes` is false where sending the same again cannot succeed: the broker refused the content or the sender.
    `may_land` is true while something was handed to the client whose fate nobody knows: it may still reach the log.
    """

    acknowledged: list[int]
    error: str | None = None
    passes: bool = True
    may_land: bool = False
