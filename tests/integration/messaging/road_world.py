"""A world for tests of the road: topics and a schema of its own on real servers, lanes and a relay in threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar
from uuid import NAMESPACE_URL, uuid5

import orjson
import psycopg
from psycopg.rows import tuple_row

from shared.contracts.catalog import TOPICS as CATALOG
from shared.contracts.envelope import Envelope, write
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.messaging.clock import Clock, SystemClock
from shared.messaging.consumer import LaneConsumer
from shared.messaging.kafka import Administrator, LogReader, Publisher, bounds_of
from shared.messaging.log import Parcel, Place, Record
from shared.messaging.relay import Relay
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.messaging.settings import KafkaSettings
from shared.messaging.work import Lane
from shared.postgres.migrations import migrate
from shared.postgres.pool import Database
from tests.integration.messaging.road_service import MIGRATIONS, SCHEMA, SERVICE, TOPICS, Notebook
from tests.stack.database import Database as TestDatabase

WAIT_S = 60
PARTITIONS = 2  # enough to have more than one, few enough to be made quickly


class Runnable(Protocol):
    def run(self) -> None: ...


T = TypeVar("T", bound=Runnable)
P = TypeVar("P", bound="Part[Any]")


@dataclass
class Part(Generic[T]):
    """A lane or relay in a thread; `error` is what ended it."""

    target: T
    stopping: threading.Event
    thread: threading.Thread = field(init=False)
    error: BaseException | None = None
    failure_expected: bool = False

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            self.target.run()
        except BaseException as error:
            self.error = error

    def stop(self) -> None:
        self.stopping.set()
        self.thread.join(WAIT_S)
        assert not self.thread.is_alive()

    def fails_with(self) -> BaseException:
        self.failure_expected = True
        self.thread.join(WAIT_S)
        assert self.error is not None, "it goes on"
        return self.error


class World:
    """Everything a test of the road does: sending, running lanes and relays, looking at what came of it."""

    def __init__(self, kafka: KafkaSettings, database: TestDatabase) -> None:
        """`kafka` is the super user's way to the broker, with a prefix of this world's own."""
        self.worker_url = database.worker_url(SCHEMA)
        self._migrator_url = database.migrator_url(SCHEMA)
        self._superuser_url = database.superuser_url
        self.settings = replace(kafka, delivery_timeout_ms=3_000, poll_timeout_ms=100)
        self.database = Database(self.worker_url, "test-road", SCHEMA)
        # The test's own sending is not what is tried: it is as patient as a worker's.
        self._publisher = Publisher(kafka, "test")
        self._parts: list[Part[Any]] = []
        migrate(self._migrator_url, SCHEMA, (RUNTIME_MIGRATIONS, MIGRATIONS))
        administrator = Administrator(self.settings)
        administrator.create(
            [replace(topic, partitions=PARTITIONS) for topic in {topic.name: topic for topic in ROAD_TOPICS}.values()]
        )
        administrator.close()

    def lane(self, lane: Lane[Notebook], clock: Clock | None = None) -> Part[LaneConsumer[Notebook]]:
        """A started lane."""
        stopping = threading.Event()
        consumer = LaneConsumer(SERVICE, lane, self.database, self.settings, Notebook, clock or SystemClock(), stopping)
        return self.keep(Part(consumer, stopping))

    def relay(self) -> Part[Relay]:
        """A started relay."""
        stopping = threading.Event()
        return self.keep(Part(Relay(SERVICE, SCHEMA, self.database, self.settings, stopping), stopping))

    def keep(self, part: P) -> P:
        """End this part with the world."""
        self._parts.append(part)
        return part

    def send(self, topic: Topic, *messages: Message, ids: Sequence[str] | None = None) -> None:
        """Publish messages as events, each under an id of its own unless `ids` says otherwise."""
        parcels = [
            Parcel(topic, message.key().encode(), event(message, ids[number] if ids else None))
            for number, message in enumerate(messages)
        ]
        self.send_parcels(*parcels)

    def send_raw(
        self, topic: Topic, key: bytes | None, value: bytes | None, headers: tuple[tuple[str, bytes], ...] = ()
    ) -> None:
        """Publish one record as it is."""
        self.send_parcels(Parcel(topic, key, value, headers))

    def send_parcels(self, *parcels: Parcel) -> None:
        sent = self._publisher.send(parcels)
        assert sent.error is None, sent.error

    def query(self, sql: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query on the service's schema."""
        with psycopg.connect(self.worker_url, options=f"-c search_path={SCHEMA}", row_factory=tuple_row) as connection:
            return connection.execute(sql, parameters).fetchall()

    def notes(self, entity: str | None = None) -> list[str]:
        """What the handlers wrote down, in the order of the log within each partition."""
        order = "ORDER BY topic, partition, record_offset, element, line"
        rows = self.query(f"SELECT note, entity FROM notebook {order}")
        return [note for note, written in rows if entity in (None, written)]

    def lines(self) -> list[tuple[str, str]]:
        """Entity and note in the order of writing."""
        return [(entity, note) for entity, note in self.query("SELECT entity, note FROM notebook ORDER BY line")]

    def read_all(self, topic: Topic) -> list[tuple[Place, Record]]:
        """Everything that stands in the topic's log, by a reader of its own."""
        reader = LogReader(self.settings, [topic.name])
        found: list[tuple[Place, Record]] = []
        try:
            wait_until(lambda: self._read_on(reader, found), f"the end of {topic.name}")
        finally:
            reader.close()
        return found

    def _read_on(self, reader: LogReader, found: list[tuple[Place, Record]]) -> bool:
        if sum(end for end in reader.ends.values()) == 0:
            return True
        found.extend(reader.poll())
        last = {place: record.offset + 1 for place, record in found}
        return all(last.get(place, 0) >= end for place, end in reader.ends.items() if end)

    def events(self, topic: Topic) -> list[dict[str, Any]]:
        """Everything in the topic's log as JSON."""
        return [orjson.loads(record.value) for _, record in self.read_all(topic) if record.value is not None]

    def now(self) -> datetime:
        return datetime.now(UTC)

    def superuser(self) -> psycopg.Connection:
        """A connection that may do anything."""
        return psycopg.connect(self._superuser_url)

    def owner(self) -> psycopg.Connection:
        """A connection that may do everything to the service's tables."""
        return psycopg.connect(self._migrator_url)

    def cut_log(self, topic: Topic, before: int) -> None:
        """Delete the records below this offset, in each partition that reaches so far, as retention would."""
        from kafka import KafkaAdminClient, TopicPartition  # here: it warns when imported before the tests' filters
        from kafka.admin import ConfigResource, ConfigResourceType

        ends = {place.partition: end for place, (_, end) in bounds_of(self.settings, [topic.name]).items()}
        from shared.messaging.kafka.connection import connection

        admin = KafkaAdminClient(**connection(self.settings, "tests"))
        name = self.settings.prefix + topic.name
        configs = {"cleanup.policy": "delete"}  # the broker deletes no records of a compacted topic on demand
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, configs)])
        cut = {TopicPartition(name, number): before for number, end in ends.items() if end >= before}
        wait_until(lambda: self._deleted(admin, cut), "the new policy")
        admin.close()

    def _deleted(self, admin: Any, cut: Any) -> bool:
        """False while the changed policy has not come into force yet."""
        from kafka.errors import PolicyViolationError

        try:
            admin.delete_records(cut)
        except PolicyViolationError:
            return False
        return True

    def wait_for_notes(self, count: int) -> None:
        wait_until(lambda: self.query("SELECT count(*) FROM notebook")[0][0] >= count, f"{count} notes", self._parts)

    def wait_for_offsets(self, topic: Topic) -> None:
        """Until the stored offsets are the log's ends."""
        ends = {place: end for place, (_, end) in bounds_of(self.settings, [topic.name]).items()}
        wait_until(lambda: self.offsets(topic) == ends, f"offsets {ends} of {topic.name}", self._parts)

    def wait_for_empty_outbox(self) -> None:
        wait_until(lambda: self.query("SELECT count(*) FROM outbox")[0][0] == 0, "an empty outbox", self._parts)

    def offsets(self, topic: Topic) -> dict[Place, int]:
        rows = self.query("SELECT partition, next_offset FROM offsets WHERE topic = %s", (topic.name,))
        return {Place(topic.name, partition): offset for partition, offset in rows}

    def close(self) -> None:
        for part in self._parts:
            part.stopping.set()
        for part in self._parts:
            part.thread.join(WAIT_S)
        self._publisher.discard()
        self.database.close()


def event(message: Message, event_id: str | None = None) -> bytes:
    """A message as a structured event; its id derives from its content, so the same message is the same event."""
    return write(envelope_of(message, event_id))


def envelope_of(message: Message, event_id: str | None = None) -> Envelope:
    return Envelope(
        id=event_id or str(uuid5(NAMESPACE_URL, f"{message.type} {message.model_dump_json()}")),
        source="/test",
        type=message.type,
        time=datetime(2026, 1, 1, tzinfo=UTC),
        data=message.wire(),
    )


def wait_until(condition: Callable[[], bool], what: str, parts: Sequence[Part[Any]] = ()) -> None:
    """Wait for something that must come; fail with what ended a part, when one has ended."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        with suppress(psycopg.OperationalError):
            if condition():
                return
        for part in parts:
            if part.error is not None and not part.failure_expected:
                raise AssertionError(f"waiting for {what}, but {part.error!r}") from part.error
        time.sleep(0.02)
    raise AssertionError(f"{what} did not come")


ROAD_TOPICS = (*TOPICS, *(topic for topic in CATALOG if SERVICE in topic.producers))
"""What these tests send on, and what the worker of this name may write."""
MIGRATION_FOLDERS: tuple[Path, ...] = (RUNTIME_MIGRATIONS, MIGRATIONS)
