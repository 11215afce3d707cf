"""Many databases on one PostgreSQL server: made with all roles and rights, cheaply copied from a migrated one,
dropped."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from deploy.postgres.roles import LOCK_KEY, ROLE_SCHEMAS, URL_VARIABLES, create_roles, grant_connect, grant_database

Migrate = Callable[[Mapping[str, str]], None]
"""Runs all migrations, given the connection strings as the workers' environment carries them."""


class Cluster:
    """A server, ours or a third stack's, by a superuser's connection string.

    The roles' passwords are derived from the superuser's, so that every process that may make databases knows them
    without sharing a file, and two test runs on one server agree.
    """

    def __init__(self, superuser_url: str) -> None:
        self._server = {
            name: str(value) for name, value in conninfo_to_dict(superuser_url).items() if value is not None
        }

    def url(self, database: str, role: str | None = None) -> str:
        """A `postgresql://` address of the database for a role of ours, or for the superuser."""
        user = role or self._server["user"]
        password = self._password(role) if role else self._server.get("password", "")
        return f"postgresql://{user}:{password}@{self._server['host']}:{self._server.get('port', '5432')}/{database}"

    def environment(self, database: str) -> dict[str, str]:
        """The connection strings of every role, under the names that the workers read."""
        return {variable: self.url(database, role) for role, variable in URL_VARIABLES.items()}

    def create(self, database: str) -> None:
        """An empty database with all schemas, roles and rights."""
        with self._maintenance() as admin:
            create_roles(admin, {role: self._password(role) for role in ROLE_SCHEMAS})
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        with self._superuser(database) as admin:
            grant_database(admin)

    def create_migrated(self, database: str, migrate: Migrate, template: str = "refill_template") -> None:
        """A database with all migrations applied: a copy of a template that the first caller of all processes makes."""
        with self._maintenance() as admin:
            admin.execute(
                "SELECT pg_advisory_lock(%s, 1)", (LOCK_KEY,)
            )  # one maker of the template, one copy at a time
            if not self._exists(admin, template):
                making = f"{template}_in_the_making"  # renamed when complete: half a template is never copied
                self._drop(admin, making)
                self.create(making)
                migrate(self.environment(making))
                admin.execute(
                    sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(making), sql.Identifier(template))
                )
            copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            admin.execute(copy.format(sql.Identifier(database), sql.Identifier(template)))
        with self._superuser(database) as admin:
            grant_connect(admin)

    def drop(self, database: str) -> None:
        """Drops the database, throwing out whoever is still connected; it need not exist."""
        with self._maintenance() as admin:
            self._drop(admin, database)

    def _drop(self, admin: psycopg.Connection, database: str) -> None:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _exists(self, admin: psycopg.Connection, database: str) -> bool:
        return admin.execute("SELECT FROM pg_database WHERE datname = %s", (database,)).rowcount == 1

    @contextmanager
    def _maintenance(self) -> Iterator[psycopg.Connection]:
        with self._superuser(self._server.get("dbname", "postgres")) as admin:
            yield admin

    @contextmanager
    def _superuser(self, database: str) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url(database), autocommit=True) as admin:
            yield admin

    def _password(self, role: str) -> str:
        return hmac.new(self._server.get("password", "").encode(), role.encode(), hashlib.sha256).hexdigest()
