"""A migrated database and a ledger on it, with one Business workspace and a catalog."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.cluster import Cluster
from tests.integration.credit_ledger.ledger import Ledger, catalog, ledger_database, member, workspace
from tests.stack.database import Database


@pytest.fixture
def database(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database with the ledger's tables."""
    with ledger_database(cluster, request.node.name) as made:
        yield made


@pytest.fixture
def empty_ledger(database: Database) -> Iterator[Ledger]:
    """A ledger that knows nothing yet."""
    ledger = Ledger(database.worker_url("credit_ledger"))
    yield ledger
    ledger.close()


@pytest.fixture
def ledger(empty_ledger: Ledger) -> Ledger:
    """Acme on Business: adam is admin, erin and evan are editors, vera is a viewer."""
    empty_ledger.handle(
        catalog(),
        workspace(),
        member("adam", "admin"),
        member("erin"),
        member("evan"),
        member("vera", "viewer"),
    )
    return empty_ledger
