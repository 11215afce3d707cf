"""Sends as any product or edge does, with nothing of ours but a name at Kafka, and does not give up."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shared.contracts.topics import Topic
from shared.messaging.settings import KafkaSettings

if TYPE_CHECKING:
    from kafka import KafkaProducer

Event = dict[str, Any]

GIVEN_UP_S = 240  # longer than any fault here lasts: the driver itself would be broken
PAUSE_S = 0.2
# About as long as a broker's restart, so that the driver meets the time-outs that a careful product handles.
DELIVERY_TIMEOUT_MS = 8_000
CALL_TIMEOUT_MS = 4_000
END_S = 2  # for a sender thread that is told to end at once


@dataclass(frozen=True)
class Letter:
    """These very bytes for this topic. Without a partition the key decides, without a key chance does."""

    topic: Topic
    value: bytes
    key: bytes | None = None
    partition: int | None = None


@dataclass(frozen=True)
class Taken:
    """Kafka has them all: after how long, and how many had to be sent once more."""

    seconds: float
    sent_again: int


class Post:
    """One producer for each party of the catalog that is played. For one thread."""

    def __init__(self, kafka: Callable[[str], KafkaSettings]) -> None:
        self._kafka = kafka
        self._producers: dict[str, KafkaProducer] = {}

    def deliver(self, letters: Sequence[Letter]) -> Taken:
        """Sends until Kafka has confirmed each; what it has not is sent again, the same bytes."""
        started, again = time.monotonic(), 0
        left = self._once(letters)
        while left:
            assert time.monotonic() - started < GIVEN_UP_S, f"{len(left)} messages not taken in {GIVEN_UP_S} s"
            time.sleep(PAUSE_S)
            again += len(left)
            left = self._once(left)
        return Taken(time.monotonic() - started, again)

    def close(self) -> None:
        """Lets go of the connections. Everything has been taken."""
        for party in list(self._producers):
            self._discard(party)

    def _once(self, letters: Sequence[Letter]) -> list[Letter]:
        """Returns what was not confirmed. A producer that failed once is not trusted with anything more."""
        sending = [(letter, self._send(letter)) for letter in letters]
        left = [letter for letter, future in sending if not _confirmed(future)]
        for party in {letter.topic.producers[0] for letter in left}:
            self._discard(party)
        return left

    def _send(self, letter: Letter) -> Any:
        from kafka.errors import KafkaError

        party = letter.topic.producers[0]
        try:
            if party not in self._producers:
                self._producers[party] = producer_of(self._kafka(party))
            return self._producers[party].send(
                letter.topic.name, value=letter.value, key=letter.key, partition=letter.partition
            )
        except KafkaError:
            return None

    def _discard(self, party: str) -> None:
        from kafka.errors import KafkaError

        if producer := self._producers.pop(party, None):
            producer._sender.force_close()  # kafka-python 3.0.12: close() waits for ever for what cannot be sent
            producer._sender.join(END_S)
            with suppress(KafkaError):
                producer.close(timeout=0)


def line(event: Event) -> bytes:
    """One JSON object, as it is typed."""
    return json.dumps(event).encode()


def plainly(kafka: KafkaSettings) -> dict[str, Any]:
    """The options by which any client of kafka-python reaches Kafka under a name."""
    assert kafka.password
    return {
        "bootstrap_servers": list(kafka.bootstrap),
        "security_protocol": kafka.security_protocol,
        "sasl_mechanism": kafka.sasl_mechanism,
        "sasl_plain_username": kafka.username,
        "sasl_plain_password": kafka.password.get_secret_value(),
        "reconnect_backoff_max_ms": 500,
    }


def producer_of(kafka: KafkaSettings) -> KafkaProducer:
    """A producer that says within some seconds that it could not. Not idempotent: what it sends may come twice."""
    from kafka import KafkaProducer

    return KafkaProducer(
        **plainly(kafka),
        acks="all",
        enable_idempotence=False,
        bootstrap_timeout_ms=CALL_TIMEOUT_MS,
        delivery_timeout_ms=DELIVERY_TIMEOUT_MS,
        request_timeout_ms=CALL_TIMEOUT_MS,
        max_block_ms=CALL_TIMEOUT_MS,
    )


def _confirmed(future: Any) -> bool:
    from kafka.errors import KafkaError

    if future is None:
        return False
    try:
        future.get(timeout=DELIVERY_TIMEOUT_MS / 1000 + 1)
    except KafkaError:
        return False
    return True
