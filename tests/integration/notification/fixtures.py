"""Notification's handlers at a real database, for integration and property tests alike."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from deploy.local.cluster import Cluster
from deploy.local.world import World
from services.notification.app import MIGRATIONS, SCHEMA
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.postgres.migrations import migrate
from shared.postgres.pool import Database as Connections
from tests.integration.notification.live import Live
from tests.integration.notification.stand import Stand
from tests.stack.database import Database


@pytest.fixture(scope="session")
def notification_connection(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """A connection, as the worker's role, to a migrated database that all tests of one process share."""
    database = Database(cluster, f"notification_{uuid.uuid4().hex[:12]}")
    cluster.create(database.name)
    migrate(database.migrator_url(SCHEMA), SCHEMA, [RUNTIME_MIGRATIONS, MIGRATIONS])
    with Connections(database.worker_url(SCHEMA), "test", SCHEMA).connect() as connection:
        connection.autocommit = True
        connection.execute("SET idle_in_transaction_session_timeout = 0")
        yield connection
    cluster.drop(database.name)


@pytest.fixture
def stand(notification_connection: psycopg.Connection) -> Iterator[Stand]:
    """The handlers at empty tables; whatever a test writes is rolled back at its end."""
    with notification_connection.transaction(force_rollback=True):
        yield Stand(notification_connection)


@pytest.fixture
def live(world: World) -> Iterator[Live]:
    """A world whose notification worker is not started yet."""
    made = Live(world)
    yield made
    made.close()
