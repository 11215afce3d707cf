"""The only door to kafka-python: what is built how, and why. Nobody else sees its types, errors or a topic's prefix.

Measured on kafka-python 3.0.12, pinned exactly. Names of topics are the catalog's everywhere but here.
"""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from time import monotonic, sleep
from typing import Any

from shared.contracts.topics import Topic
from shared.messaging.failures import Weather
from shared.messaging.log import KafkaProblem, LogMoved, Names, Parcel, Place, Record, Sent
from shared.messaging.settings import KafkaSettings

with warnings.catch_warnings():
    # 3.0.12 reads its schemas by a function that Python 3.11 and 3.12 call deprecated; 3.13 took that back.
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    from kafka import ConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
    from kafka import errors as kafka_errors
    from kafka.admin import ConfigResource, ConfigResourceType
    from kafka.coordinator.assignors.range import RangePartitionAssignor

BOOTSTRAP_TIMEOUT_MS = 5_000  # 30 s by default: too long to leave a person without a word about a wrong address
CALL_TIMEOUT_MS = 5_000  # for look-ups; shorter than the session, so that a lane that asks stays a member
RECONNECT_MAX_MS = 500  # 30 s by default: the client then sleeps right through a broker's restart
SPARE_AFTER_S = 5.0  # a member without partitions for so long is there for when another one goes
SHUTDOWN_MS = 2_000  # leaving the group takes 10 ms; a broker that is away must not hold up the end
METADATA_LOOK_S = 0.02  # between looks at what the client knows of its topics; it asks 10 times a second at most
LIVENESS_CHECK_S = 0.5  # between looks at whether a sender may still send

# What the broker will refuse again. Anything else, a producer's lost sequence included, passes with a new producer.
_TOO_LARGE = (kafka_errors.MessageSizeTooLargeError, kafka_errors.RecordListTooLargeError)
_INVALID = (kafka_errors.InvalidTimestampError, kafka_errors.InvalidRecordError, kafka_errors.InvalidTopicError)
REFUSALS = (kafka_errors.AuthorizationError, *_TOO_LARGE, *_INVALID)


@contextmanager
def _translated(what: str) -> Iterator[None]:
    """The library's errors in our three words: weather, a problem for a person, a log that moved."""
    try:
        yield
    except (kafka_errors.OffsetOutOfRangeError, kafka_errors.NoOffsetForPartitionError) as error:
        raise LogMoved(f"{what}: {type(error).__name__}") from error
    except (kafka_errors.RetriableError, OSError) as error:
        raise Weather(f"{what}: {type(error).__name__}: {error}") from error
    except kafka_errors.KafkaError as error:
        raise KafkaProblem(f"{what}: {type(error).__name__}: {error}") from error


def _connection(settings: KafkaSettings, client: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "bootstrap_servers": list(settings.bootstrap),
        "client_id": client,
        "bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS,
        "reconnect_backoff_max_ms": RECONNECT_MAX_MS,
        "security_protocol": settings.security_protocol,
    }
    if settings.sasl_mechanism:
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.password.get_secret_value() if settings.password else None
    return options


def _consumer(settings: KafkaSettings, client: str, group: str | None) -> KafkaConsumer:
    return KafkaConsumer(
        **_connection(settings, client),
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
        with _translated("cannot reach Kafka"):
            self._consumer = _consumer(settings, group, settings.prefix + group)
            names = self._names.topics(topics)
            self._consumer.subscribe(topics=names, listener=self)
            _partitions(self._consumer, names)  # else the first joining assigns nothing, and a second one must follow

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
        with _translated("reading from Kafka"):
            polled = self._consumer.poll(timeout_ms=max(50, timeout_ms), max_records=max_records)
        return {self._names.place(partition): records for partition, records in polled.items()}

    def position(self, place: Place) -> int | None:
        """The next offset to be delivered: past the last one, and past what compaction or aborts have removed."""
        with _translated("reading from Kafka"):
            position: int | None = self._consumer.position(_partition(self._names, place), timeout_ms=0)
        return position

    def bounds(self, places: Collection[Place]) -> dict[Place, tuple[int, int]]:
        """The log's first offset and the one after its last. Raises Weather when the broker does not answer."""
        return _bounds(self._consumer, [_partition(self._names, place) for place in places], self._names)

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

    def _still_assigned(self, places: Collection[Place]) -> list[TopicPartition]:
        return [tp for tp in self._consumer.assignment() if self._names.place(tp) in places]


class LogReader:
    """Reads whole topics outside of any group: for people, and as the tests' witness."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[str], *, from_beginning: bool = True) -> None:
        self._names = Names(settings.prefix)
        with _translated("cannot reach Kafka"):
            self._consumer = _consumer(settings, "refill-reader", None)
            partitions = _partitions(self._consumer, self._names.topics(topics))
            try:
                self.bounds = _bounds(self._consumer, partitions, self._names)
            except BaseException:
                self.close()
                raise
            self._consumer.assign(partitions)
            for place, (first, end) in self.bounds.items():
                self._consumer.seek(_partition(self._names, place), first if from_beginning else end)
        self.ends = {place: end for place, (_, end) in self.bounds.items()}

    def poll(self, timeout_ms: int = 200) -> list[tuple[Place, Record]]:
        """What has come, in order within each partition."""
        with _translated("reading from Kafka"):
            polled = self._consumer.poll(timeout_ms=timeout_ms, max_records=5_000)
        return [(self._names.place(partition), record) for partition in polled for record in polled[partition]]

    def close(self) -> None:
        self._consumer.close(autocommit=False, timeout_ms=SHUTDOWN_MS)


def _partitions(consumer: KafkaConsumer, names: list[str]) -> list[TopicPartition]:
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


def _partition(names: Names, place: Place) -> TopicPartition:
    return TopicPartition(names.prefix + place.topic, place.partition)


def _bounds(consumer: KafkaConsumer, partitions: list[TopicPartition], names: Names) -> dict[Place, tuple[int, int]]:
    with _translated("asking for the log's bounds"):
        first = consumer.beginning_offsets(partitions, timeout_ms=CALL_TIMEOUT_MS)
        end = consumer.end_offsets(partitions, timeout_ms=CALL_TIMEOUT_MS)
    return {names.place(partition): (first[partition], end[partition]) for partition in partitions}


def bounds_of(settings: KafkaSettings, topics: Sequence[str]) -> dict[Place, tuple[int, int]]:
    """The bounds of every partition of these topics: first offset, and the one after the last."""
    reader = LogReader(settings, topics)
    reader.close()
    return reader.bounds


class Publisher:
    """Sends parcels and says which were acknowledged. One thread at a time.

    A record that the broker rejects poisons an idempotent producer for every topic, and after a failure nobody knows
    what is still on its way: so any failure discards the producer with all it holds, and the next call builds one.
    """

    def __init__(self, settings: KafkaSettings, client: str) -> None:
        self._settings, self._client = settings, client
        self._producer: KafkaProducer | None = None

    def send(self, parcels: Sequence[Parcel], may_send: Callable[[], None] = lambda: None) -> Sent:
        """Send in order and wait for every acknowledgement.

        There is no bound inside the client on what is in flight: the caller bounds `parcels`. `may_send` is asked while
        waiting; when it raises, everything unsent is dropped. Raises KafkaProblem for a parcel that no broker takes.
        """
        for parcel in parcels:
            parcel.check()
        try:
            sent = self._send(parcels, may_send)
        except BaseException:
            self.discard()
            raise
        if sent.error:
            self.discard()
        return sent

    def discard(self) -> None:
        """Drop the producer and whatever it has not sent, at once."""
        producer, self._producer = self._producer, None
        if producer is None:
            return
        # `close(timeout=0)` raises while anything is unsent, and leaves the sender running (3.0.12): end it first.
        producer._sender.force_close()
        producer._sender.join(SHUTDOWN_MS / 1000)
        with suppress(kafka_errors.KafkaError):
            producer.close(timeout=0)

    def _send(self, parcels: Sequence[Parcel], may_send: Callable[[], None]) -> Sent:
        # Give up before the client's own time-out: it would drop one batch and go on with the next of that key.
        deadline = monotonic() + 0.8 * self._settings.delivery_timeout_ms / 1000
        acknowledged: list[int] = []
        failure: BaseException | None = None
        prefix = self._settings.prefix
        try:
            send = self._connected().send
            futures = [send(prefix + p.topic.name, p.value, p.key, headers=list(p.headers)) for p in parcels]
        except kafka_errors.KafkaError as error:
            return _sent(acknowledged, error)
        for index, future in enumerate(futures):
            while failure is None and not future.is_done and monotonic() < deadline:
                with suppress(kafka_errors.KafkaError):
                    future.get(timeout=min(LIVENESS_CHECK_S, max(0.0, deadline - monotonic())))
                if not future.is_done:
                    may_send()
            if future.is_done and future.succeeded():
                acknowledged.append(index)
            elif failure is None:
                failure = future.exception if future.is_done else TimeoutError("no acknowledgement in time")
        return _sent(acknowledged, failure)

    def _connected(self) -> KafkaProducer:
        if self._producer is None:
            delivery_ms = self._settings.delivery_timeout_ms
            self._producer = KafkaProducer(
                **_connection(self._settings, self._client),
                acks="all",
                enable_idempotence=True,  # a retried request is written once, and one batch per partition is under way
                delivery_timeout_ms=delivery_ms,
                request_timeout_ms=delivery_ms // 2,  # one retry of a request lost on the way still fits
                max_block_ms=min(5_000, delivery_ms // 2),  # a missing topic blocks send() for 60 s by default
                linger_ms=0,  # 0.9 ms to the acknowledgement; a burst goes in batches while its first is under way
                batch_size=131_072,  # fewer requests under load; with linger 0 it costs a single message nothing
                max_request_size=5 * 1_048_576,  # a dead letter of 4 MiB fits
                compression_type=None,  # readers in any language, without their having our codecs
                allow_auto_create_topics=False,
                metrics_enabled=False,
            )
        return self._producer


def _sent(acknowledged: list[int], failure: BaseException | None) -> Sent:
    if failure is None:
        return Sent(acknowledged)
    return Sent(acknowledged, f"{type(failure).__name__}: {failure}", not isinstance(failure, REFUSALS))


class Administrator:
    """Makes and describes topics."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._prefix = settings.prefix
        with _translated("cannot reach Kafka"):
            self._admin = KafkaAdminClient(**_connection(settings, "refill-admin"), request_timeout_ms=30_000)

    def partitions(self) -> dict[str, int]:
        """The number of partitions of every topic under our prefix, by name without it."""
        with _translated("describing topics"):
            described = self._admin.describe_topics()
        return {
            topic["name"][len(self._prefix) :]: len(topic["partitions"])
            for topic in described
            if topic["name"].startswith(self._prefix) and not topic["error_code"]
        }

    def create(self, topics: Sequence[Topic], replication: int = -1) -> None:
        """Make these topics and wait until they can be used. `replication` -1 is the broker's own default."""
        wanted = {
            self._prefix + topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": replication,
                "configs": topic.broker_settings(),
            }
            for topic in topics
        }
        if wanted:
            with _translated("creating topics"), suppress(kafka_errors.TopicAlreadyExistsError):
                self._admin.create_topics(wanted)
            with _translated("waiting for new topics"):
                self._admin.wait_for_topics(list(wanted))

    def configure(self, topics: Sequence[Topic]) -> None:
        """Set these topics' configuration to the catalog's."""
        kind = ConfigResourceType.TOPIC
        resources = [ConfigResource(kind, self._prefix + topic.name, topic.broker_settings()) for topic in topics]
        if resources:
            with _translated("configuring topics"):
                self._admin.alter_configs(resources)

    def close(self) -> None:
        self._admin.close()


# Its ERROR lines say what we say in our own words, with the consequence; its WARNING lines repeat every retry.
logging.getLogger("kafka").setLevel(logging.CRITICAL)
