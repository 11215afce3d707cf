"""The fixtures that give a test its real servers."""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local.cluster import Cluster, Migrate
from deploy.local.run_folder import RunFolder
from deploy.local.world import World, migrations_fingerprint
from shared.messaging.settings import KafkaSettings
from tests.stack import kafka_address
from tests.stack.choice import Kafka, Postgres, stack
from tests.stack.database import Database
from tests.stack.shared_server import RUN_VARIABLE, SharedServer
from tests.stack.topics import delete_topics

PARTITIONS = 3  # of each topic of a test's world: enough to be many; twelve of each would fill the shared broker
SHARED = {
    "postgres": SharedServer("postgres", "REFILL_TEST_POSTGRES_URL"),
    "kafka": SharedServer("kafka", "REFILL_TEST_KAFKA_URL"),
}


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """A superuser's connection string to the PostgreSQL server that all tests share."""
    return SHARED["postgres"].address()


@pytest.fixture(scope="session")
def kafka_broker() -> KafkaSettings:
    """How the super user reaches the Kafka broker that all tests share: give it a topic prefix of your own, and never
    stop the broker."""
    return kafka_address.read(SHARED["kafka"].address())


@pytest.fixture(scope="session")
def cluster(postgres_server: str) -> Cluster:
    """The shared PostgreSQL server as a maker of databases."""
    return Cluster(postgres_server)


@pytest.fixture
def database(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh empty database with all schemas and roles, and no tables yet; dropped at the end."""
    with fresh_database(cluster, request.node.name) as made:
        yield made


def _nothing(_: object) -> None:
    """The migrations of a database that stays empty."""


@contextmanager
def fresh_database(
    cluster: Cluster, name: str, migrate: Migrate = _nothing, template: str = "empty"
) -> Iterator[Database]:
    """For as long as the caller needs it: tests that change nothing may share one.

    A copy of a `template`, which the first of all processes to ask makes with all roles and rights, and migrates.
    """
    made = Database(cluster, f"{_readable(name)}_{uuid.uuid4().hex[:8]}")
    cluster.create_migrated(made.name, migrate, f"refill_{template}_{migrations_fingerprint()}")
    try:
        yield made
    finally:
        cluster.drop(made.name)


@pytest.fixture
def run_folder() -> Iterator[RunFolder]:
    """A run of this test's own: whatever it starts ends with the test, or with the test's process."""
    with fresh_run_folder("own") as run:
        yield run
    stack().remove_leftovers()


@pytest.fixture
def own_postgres(run_folder: RunFolder) -> Iterator[Postgres]:
    """A started PostgreSQL server of this test's own, to be killed and restarted at will."""
    server = stack().postgres(run_folder)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def own_kafka(run_folder: RunFolder) -> Iterator[Kafka]:
    """A started Kafka broker of this test's own, to be killed and restarted at will."""
    broker = stack().kafka(run_folder)
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def world(
    cluster: Cluster, kafka_broker: KafkaSettings, run_folder: RunFolder, request: pytest.FixtureRequest
) -> Iterator[World]:
    """A started world on the shared servers, without workers: migrated database, topics, sandbox and mail server."""
    with fresh_world(cluster, kafka_broker, run_folder, request.node.name) as made:
        yield made


@contextmanager
def fresh_world(cluster: Cluster, kafka_broker: KafkaSettings, run: RunFolder, name: str) -> Iterator[World]:
    """Started, without workers, for as long as the caller needs it."""
    unique = f"{_readable(name)}_{uuid.uuid4().hex[:8]}"
    made = World(
        run,
        kafka_broker,
        cluster,
        database=unique,
        topic_prefix=f"{unique.replace('_', '-')}.",
        settings={"REFILL_TOPIC_PARTITIONS": str(PARTITIONS)},
        launch=stack().launch,
    )
    try:
        made.start()
        yield made
    finally:
        made.stop()
        made.drop()
        delete_topics(made.kafka("admin"))


@contextmanager
def fresh_run_folder(name: str) -> Iterator[RunFolder]:
    """Whatever the run starts ends with it, or with the test's process."""
    with RunFolder.claim(f"{os.environ[RUN_VARIABLE]}-{name}-{uuid.uuid4().hex[:8]}", keep=False) as run:
        yield run


def _readable(name: str) -> str:
    return re.sub(r"\W+", "_", name.lower())[:40]
