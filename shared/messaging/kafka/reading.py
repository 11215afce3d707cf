"""What every reader of the log needs: the consumer with all its options, partitions, bounds."""

from __future__ import annotations

from time import monotonic, sleep

from kafka import KafkaConsumer, TopicPartition
from kafka.coordinator.assignors.range import RangePartitionAssignor

from shared.messaging.failures import Weather
from shared.messaging.kafka import header_names
from shared.messaging.kafka.connection import CALL_TIMEOUT_MS, SHUTDOWN_MS, connection, translated
from shared.messaging.log import Names, Place
from shared.messaging.settings import KafkaSettings

METADATA_LOOK_S = 0.02  # between looks at what the client knows of its topics; it asks 10 times a second at most

header_names.tolerate_any_bytes()


def consumer(settings: KafkaSettings, client: str, group: str | None) -> KafkaConsumer:
    return KafkaConsumer(
        **connection(settings, client),
        group_id=group,
        enable_auto_commit=False,  # offsets live beside the effects, in PostgreSQL; nothing is committed to Kafka
        auto_offset_reset="none",  # every mishap becomes an error instead of a silent jump
        isolation_level="read_committed",  # a foreign producer may use transactions; what it aborted never happened
        check_crcs=True,  # with the crc32c package it costs nothing to speak of
        allow_auto_create_topics=False,
        partition_assignment_strategy=(RangePartitionAssignor,),  # 0.3 s to move; cooperative took 3 s (measured)
        session_timeout_ms=6_000,  # the broker's default minimum: a killed worker's partitions move after 6 s, not 45
        heartbeat_interval_ms=1_000,  # a rebalance waits for every member's next heartbeat; the IO thread sends them
        max_poll_interval_ms=120_000,  # far above any transaction (statements end after 60 s): then work is stuck
        request_timeout_ms=30_000,  # above the session: joining a group waits for the other members
        fetch_min_bytes=1,  # a command must not wait for company
        fetch_max_wait_ms=250,  # resumed partitions wait for the fetch under way; it returns at once when data comes
        max_partition_fetch_bytes=2 * 1_048_576,  # above the largest message we take
        fetch_max_bytes=16 * 1_048_576,  # what one answer may cost in memory, over all partitions
        metrics_enabled=False,  # nobody reads them
    )


def partitions_of(consumer: KafkaConsumer, names: list[str]) -> list[TopicPartition]:
    """All partitions of these topics. Raises Weather, and closes the client, when the broker does not name them.

    The client forgets a wish for metadata while the answer to an older one is under way, and asking for one topic it
    forgets the others (3.0.12): so all are named at once, and asked for until they are there.
    """
    cluster = consumer._cluster
    deadline = monotonic() + CALL_TIMEOUT_MS / 1000
    cluster.set_topics(names)
    while unknown := [name for name in names if not cluster.partitions_for_topic(name)]:
        if monotonic() > deadline:
            consumer.close(autocommit=False, timeout_ms=SHUTDOWN_MS)
            raise Weather(f"the broker does not name {', '.join(unknown)}")
        cluster.request_update()
        sleep(METADATA_LOOK_S)
    return [TopicPartition(name, number) for name in names for number in cluster.partitions_for_topic(name)]


def partition_at(names: Names, place: Place) -> TopicPartition:
    return TopicPartition(names.prefix + place.topic, place.partition)


def bounds_at(consumer: KafkaConsumer, partitions: list[TopicPartition], names: Names) -> dict[Place, tuple[int, int]]:
    with translated("asking for the log's bounds"):
        first = consumer.beginning_offsets(partitions, timeout_ms=CALL_TIMEOUT_MS)
        end = consumer.end_offsets(partitions, timeout_ms=CALL_TIMEOUT_MS)
    return {names.place(partition): (first[partition], end[partition]) for partition in partitions}
