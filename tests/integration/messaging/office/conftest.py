"""An office on a database of the test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.integration.messaging.office.letters import SCHEMA
from tests.integration.messaging.office.office import MakeOffice, Office, prepare
from tests.stack.database import Database


@pytest.fixture
def another_office(database: Database) -> Iterator[MakeOffice]:
    """Makes offices that share one database: workers of one service."""
    prepare(database.migrator_url(SCHEMA))
    made: list[Office] = []

    def make() -> Office:
        made.append(Office(database.worker_url(SCHEMA)))
        return made[-1]

    yield make
    for office in made:
        office.close()


@pytest.fixture
def office(another_office: MakeOffice) -> Office:
    """The only office, until the test asks for another."""
    return another_office()
