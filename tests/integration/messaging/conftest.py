"""The world of the tests of the road, on the servers that all tests share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from shared.messaging.settings import KafkaSettings
from tests.integration.messaging.road_world import World
from tests.stack.database import Database
from tests.stack.topics import delete_topics


@pytest.fixture
def world(kafka_broker: KafkaSettings, database: Database) -> Iterator[World]:
    """Topics and a schema of this test's own, with no lane started yet."""
    made = World(replace(kafka_broker, prefix=f"road{uuid.uuid4().hex[:8]}."), database)
    yield made
    made.close()
    delete_topics(made.settings)
