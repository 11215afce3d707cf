"""Migrations: ordered SQL files, each applied once, in a transaction of its own, and never edited afterwards."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from shared.postgres.pool import Database
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("migrations.sql"))
_FILE = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")


class MigrationProblem(Exception):
    """The schema and the code's migrations do not fit together; says how and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One file. Its name is `<owner>/<stem>`, the owner being the folder above `migrations`: no two collide."""

    name: str
    checksum: str
    sql: str


def migrate(url: str, schema: str, folders: Sequence[Path]) -> list[str]:
    """Apply what is missing, folder by folder, file by file; returns the names of what was applied now.

    `url` is the migrator's. The schema must exist: it is made together with the roles. A second run at the same time
    waits. Raises `MigrationProblem` for an edited, vanished or newer-than-code migration, before anything is applied.
    """
    migrations = read(folders)
    with _connected(url, schema) as connection, _alone(connection, schema):
        with connection.transaction():
            _make_table(connection, schema)
        pending = _pending(migrations, _applied(connection), schema)
        for migration in pending:
            _apply(connection, migration)
    return [migration.name for migration in pending]


def check(url: str, schema: str, folders: Sequence[Path]) -> None:
    """Raise `MigrationProblem` unless exactly the migrations of the code are applied. `url` is the worker's."""
    with _connected(url, schema) as connection:
        try:
            applied = _applied(connection)
        except (psycopg.errors.UndefinedTable, psycopg.errors.InsufficientPrivilege):
            applied = {}
        pending = _pending(read(folders), applied, schema)
    if pending:
        names = ", ".join(migration.name for migration in pending)
        raise MigrationProblem(f"migrations not run in schema {schema}: {names}. Run the `migrate` command first.")


def read(folders: Sequence[Path]) -> list[Migration]:
    """The migrations of the code, in the order in which they are applied."""
    found: dict[str, Migration] = {}
    for folder in folders:
        numbers: set[str] = set()
        for path in sorted(folder.glob("*.sql")):
            match = _FILE.fullmatch(path.name)
            if not match:
                raise MigrationProblem(f"{path.name} is no migration's name; write NNNN_what_it_does.sql")
            migration = _read(path)
            if match.group(1) in numbers or migration.name in found:
                raise MigrationProblem(f"two migrations are called {folder.parent.name}/{match.group(1)}")
            numbers.add(match.group(1))
            found[migration.name] = migration
        if not numbers:
            raise MigrationProblem(f"no migration in {folder}: it was not installed with the code")
    return list(found.values())


def _read(path: Path) -> Migration:
    text = path.read_text(encoding="utf-8")
    return Migration(f"{path.parent.parent.name}/{path.stem}", hashlib.sha256(text.encode()).hexdigest(), text)


def _pending(migrations: Sequence[Migration], applied: Mapping[str, str], schema: str) -> list[Migration]:
    """What is left to apply. Refuses a schema that the code's files do not explain."""
    known = {migration.name: migration for migration in migrations}
    newer = sorted(applied.keys() - known.keys())
    if newer:
        raise MigrationProblem(
            f"schema {schema} is newer than the code: it has {', '.join(newer)}, which no file here explains. "
            "Run the version of the code that made it, or a later one."
        )
    edited = sorted(name for name, checksum in applied.items() if known[name].checksum != checksum)
    if edited:
        raise MigrationProblem(
            f"edited after it was applied to schema {schema}: {', '.join(edited)}. "
            "Put the file back as it was and write the change as a new migration."
        )
    pending = [migration for migration in migrations if migration.name not in applied]
    for migration in pending:
        later = [name for name in applied if _owner(name) == _owner(migration.name) and name > migration.name]
        if later:
            raise MigrationProblem(
                f"{migration.name} was added before {max(later)}, which schema {schema} has already: "
                "give it a higher number"
            )
    return pending


def _owner(name: str) -> str:
    return name.partition("/")[0]


@contextmanager
def _connected(url: str, schema: str) -> Iterator[psycopg.Connection]:
    database = Database(url, "refill-migrations", schema)
    with database.connect() as connection:
        connection.autocommit = True
        if connection.execute(QUERIES["find_schema"], {"schema": schema}).fetchone() is None:
            raise MigrationProblem(
                f"schema {schema} does not exist: make the roles and schemas first (deploy/postgres)"
            )
        yield connection


@contextmanager
def _alone(connection: psycopg.Connection, schema: str) -> Iterator[None]:
    """One run per schema at a time: the session's advisory lock, gone with the session whatever happens."""
    connection.execute(QUERIES["no_time_limits"])  # a migration, and waiting for another run, may take long
    connection.execute(QUERIES["lock"], {"schema": schema})
    connection.execute(QUERIES["wait_for_tables_as_the_role_may"])
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute(QUERIES["unlock"], {"schema": schema})


def _make_table(connection: psycopg.Connection, schema: str) -> None:
    connection.execute(QUERIES["make_table"])
    worker = sql.Identifier(f"{schema}_worker")
    connection.execute(sql.SQL(QUERIES["let_worker_read"]).format(worker=worker))


def _applied(connection: psycopg.Connection) -> dict[str, str]:
    return dict(connection.execute(QUERIES["applied"]).fetchall())


def _apply(connection: psycopg.Connection, migration: Migration) -> None:
    try:
        with connection.transaction():
            connection.execute(migration.sql)
            connection.execute(QUERIES["record"], {"name": migration.name, "checksum": migration.checksum})
    except psycopg.errors.LockNotAvailable as error:
        raise MigrationProblem(
            f"{migration.name} changed nothing: a table that it changes was in use for too long. Run `migrate` again."
        ) from error
    except psycopg.Error as error:
        raise MigrationProblem(f"{migration.name} failed and changed nothing: {str(error).strip()}") from error
