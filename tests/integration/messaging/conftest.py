"""The world of the tests of the road, on the servers that all tests share."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from tests.integration.messaging.road_world import World
from tests.stack.database import Database
from tests.stack.topics import delete_topics


@pytest.fixture
def world(kafka_broker: str, database: Database) -> Iterator[World]:
    """Topics and a schema of this test's own, with no lane started yet."""
    prefix = f"road{uuid.uuid4().hex[:8]}."
    made = World(kafka_broker, database, prefix)
    yield made
    made.close()
    delete_topics(kafka_broker, prefix)
