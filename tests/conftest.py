"""Fixtures of every kind of test. Servers start when the first test asks for one: unit tests alone start nothing."""

from tests.stack.fixtures import (
    cluster,
    database,
    kafka_broker,
    own_kafka,
    own_postgres,
    postgres_server,
    run_folder,
    world,
)
from tests.stack.scheduling import pytest_xdist_make_scheduler
from tests.stack.selection import pytest_collection_modifyitems, pytest_terminal_summary, pytest_testnodedown
from tests.stack.session import pytest_configure, pytest_unconfigure

__all__ = [
    "cluster",
    "database",
    "kafka_broker",
    "own_kafka",
    "own_postgres",
    "postgres_server",
    "pytest_collection_modifyitems",
    "pytest_configure",
    "pytest_terminal_summary",
    "pytest_testnodedown",
    "pytest_unconfigure",
    "pytest_xdist_make_scheduler",
    "run_folder",
    "world",
]
