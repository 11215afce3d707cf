"""Our own words for what stands in Kafka: places, records, parcels, and what can go wrong. No library here."""

from __future__ import annotations

from collections.abc import Sequence
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
    headers: tuple[tuple[str, bytes], ...] = ()

    def size_bytes(self) -> int:
        headers = sum(len(name) + len(content) for name, content in self.headers)
        return len(self.key or b"") + len(self.value or b"") + headers + RECORD_OVERHEAD_BYTES


@dataclass(frozen=True, slots=True)
class Sent:
    """What became of parcels: the indexes of those acknowledged, and what went wrong with the others, if anything.

    `passes` is false where sending the same again cannot succeed: the broker refused the content or the sender.
    """

    acknowledged: list[int]
    error: str | None = None
    passes: bool = True
