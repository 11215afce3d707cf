"""A database as a deployment makes it: roles, schemas, all migrations of all services; and a login nobody knows."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from deploy.local.cluster import Cluster
from deploy.local.run_folder import PROJECT
from deploy.postgres.roles import SERVICES
from shared.messaging.service import RUNTIME_MIGRATIONS
from shared.postgres.migrations import migrate
from tests.integration.postgres.rights.expected import Role
from tests.stack.database import Database

PASSWORD = "of-a-stranger"


class Doors:
    """The database, entered as whom one likes."""

    def __init__(self, database: Database, stranger: str) -> None:
        self.database = database
        self.stranger = stranger

    def url(self, role: Role) -> str:
        """The connection string of a role of the matrix."""
        if role.kind == "stranger":
            return self.database.cluster.url(self.database.name).replace(_admin_part(self.database), self._login())
        return self.database.cluster.url(self.database.name, role.name)

    def open(self, role: Role) -> psycopg.Connection:
        """A session of the role. The auditor's is made to write if it can: rights are asked for, not habits."""
        connection = psycopg.connect(self.url(role), autocommit=True)
        connection.execute("SET default_transaction_read_only = off")
        return connection

    def _login(self) -> str:
        return f"{self.stranger}:{PASSWORD}@"


@pytest.fixture(scope="session")
def doors(cluster: Cluster) -> Iterator[Doors]:
    """One database for all tests of this folder: none of them changes anything that stays."""
    name = uuid.uuid4().hex[:8]
    database, stranger = Database(cluster, f"rights_{name}"), f"stranger_{name}"
    cluster.create(database.name)
    for service in SERVICES:
        migrate(
            database.migrator_url(service),
            service,
            (RUNTIME_MIGRATIONS, Path(PROJECT, "services", service, "migrations")),
        )
    with psycopg.connect(database.superuser_url, autocommit=True) as admin:
        login = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        admin.execute(login.format(sql.Identifier(stranger), sql.Literal(PASSWORD)))
        # At the door it would be refused everything at once; it is let in, to see what PUBLIC may do inside.
        admin.execute(
            sql.SQL("GRANT CONNECT ON DATABASE {} TO {}").format(
                sql.Identifier(database.name), sql.Identifier(stranger)
            )
        )
        yield Doors(database, stranger)
    cluster.drop(database.name)
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(stranger)))


def _admin_part(database: Database) -> str:
    """`user:password@` of the superuser."""
    return database.superuser_url.removeprefix("postgresql://").rpartition("@")[0] + "@"
