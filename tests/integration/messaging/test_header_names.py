"""A header's name may hold any bytes: no record of a foreign producer may hold up its partition."""

from __future__ import annotations

from kafka import KafkaProducer

from shared.contracts.catalog import PRODUCT_USAGE
from shared.messaging.kafka import LogReader
from shared.messaging.kafka.connection import connection
from tests.integration.messaging.road_world import World


class NotUtf8(str):
    """A name that goes over the wire as bytes that are no text."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        return b"a\xff"


def test_a_header_name_that_is_not_utf8_is_read_and_what_follows_too(world: World) -> None:
    producer = KafkaProducer(**connection(world.settings, "foreign"), acks="all")
    topic = world.settings.prefix + PRODUCT_USAGE.name
    for value, headers in ((b"odd", [(NotUtf8("a"), b"1"), ("b", b"2")]), (b"plain", [("c", b"3")])):
        producer.send(topic, value, headers=headers, partition=0).get(timeout=10)
    producer.close()
    reader = LogReader(world.settings, [PRODUCT_USAGE.name])

    found: list[tuple[bytes | None, list[tuple[str, bytes | None]]]] = []
    while len(found) < 2:
        found += [(record.value, list(record.headers)) for _, record in reader.poll()]

    assert found == [(b"odd", [("a\\xff", b"1"), ("b", b"2")]), (b"plain", [("c", b"3")])]
    reader.close()
