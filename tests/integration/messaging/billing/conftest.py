"""The small service on a database and topics of the test's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local.environment import kafka_environment
from shared.contracts.catalog import TOPICS, WORKSPACE_DIRECTORY
from shared.contracts.topics import Topic
from shared.messaging.kafka import Administrator, Publisher
from shared.messaging.log import Parcel
from shared.messaging.settings import KafkaSettings
from tests.integration.messaging.billing.process import Process
from tests.stack.database import Database
from tests.stack.topics import delete_topics

PARTITIONS = 1
NEEDED = [topic for topic in TOPICS if topic is WORKSPACE_DIRECTORY or "billing" in topic.producers]
"""What the small service reads, and what whoever is billing writes."""


@dataclass(frozen=True)
class Surroundings:
    """What a worker depends on, each to be made by the test."""

    database: Database
    kafka: KafkaSettings

    def make_topics(self) -> None:
        administrator = Administrator(self.kafka)
        administrator.create([replace(topic, partitions=PARTITIONS) for topic in NEEDED])
        administrator.close()

    def send(self, topic: Topic, *parcels: tuple[str, bytes]) -> None:
        publisher = Publisher(self.kafka, "test")
        sent = publisher.send([Parcel(topic, key.encode(), value) for key, value in parcels])
        publisher.discard()
        assert sent.error is None


@pytest.fixture
def surroundings(kafka_broker: KafkaSettings, database: Database) -> Iterator[Surroundings]:
    """A database with no tables yet, and a broker with no topics yet."""
    kafka = replace(kafka_broker, prefix=f"worker{uuid.uuid4().hex[:8]}.")
    yield Surroundings(database, kafka)
    delete_topics(kafka)


@pytest.fixture
def process(surroundings: Surroundings, tmp_path: Path) -> Iterator[Process]:
    """The service, not started; killed at the end should it still run."""
    settings = {
        **surroundings.database.environment(),
        **kafka_environment(surroundings.kafka),
        "REFILL_TOPIC_PARTITIONS": str(PARTITIONS),
    }
    made = Process(settings, tmp_path)
    yield made
    made.kill()


@pytest.fixture
def ready(process: Process, surroundings: Surroundings) -> Process:
    """The service with all that it depends on, not started."""
    surroundings.make_topics()
    assert process.command("migrate").returncode == 0
    return process
