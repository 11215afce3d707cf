"""Who may do what in PostgreSQL: each service its own schema, the auditor reading, nobody else at all."""

from collections.abc import Mapping

import psycopg
import pytest
from psycopg import errors

from deploy.local.cluster import Cluster
from deploy.postgres.roles import AUDITED, SERVICES
from tests.stack.database import Database


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with psycopg.connect(url) as connection:
        cursor = connection.execute(statement)
        return cursor.fetchall() if cursor.description else []


def make_tables(connections: Mapping[str, str]) -> None:
    """What a migration does: a table in the service's own schema, granted to its worker."""
    for service in SERVICES:
        with psycopg.connect(connections[f"REFILL_{service.upper()}_MIGRATOR_DATABASE_URL"]) as migrator:
            migrator.execute("CREATE TABLE thing (id int)")
            migrator.execute(f"GRANT SELECT, INSERT ON thing TO {service}_worker")


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_uses_its_own_tables_without_naming_the_schema(database: Database, service: str) -> None:
    make_tables(database.environment())

    query(database.worker_url(service), "INSERT INTO thing VALUES (1)")

    assert query(database.worker_url(service), "SELECT id FROM thing") == [(1,)]
    assert query(database.superuser_url, f"SELECT id FROM {service}.thing") == [(1,)]


@pytest.mark.parametrize("service", SERVICES)
def test_a_worker_reaches_no_other_schema_and_makes_nothing(database: Database, service: str) -> None:
    make_tables(database.environment())
    others = [other for other in SERVICES if other != service]

    for other in others:
        with pytest.raises(errors.InsufficientPrivilege):
            query(database.worker_url(service), f"SELECT * FROM {other}.thing")
    for statement in ("CREATE TABLE mine (id int)", "CREATE TABLE public.mine (id int)", "DROP TABLE thing"):
        with pytest.raises(errors.InsufficientPrivilege):
            query(database.worker_url(service), statement)


def test_a_worker_cannot_hold_up_the_others(database: Database) -> None:
    url = database.worker_url("billing")

    limits = {"statement_timeout": "30s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s"}
    for setting, value in limits.items():
        assert query(url, f"SHOW {setting}") == [(value,)]
    assert query(url, "SHOW search_path") == [("billing",)]


@pytest.mark.rule("C14")
def test_the_auditor_reads_the_books_and_writes_nothing(database: Database) -> None:
    make_tables(database.environment())

    for service in AUDITED:
        assert query(database.auditor_url, f"SELECT * FROM {service}.thing") == []
        with pytest.raises(errors.ReadOnlySqlTransaction):
            query(database.auditor_url, f"INSERT INTO {service}.thing VALUES (1)")
    with pytest.raises(errors.InsufficientPrivilege):
        query(database.auditor_url, "SELECT * FROM notification.thing")


def test_nobody_else_enters_the_database(database: Database) -> None:
    query(database.superuser_url, f"CREATE ROLE stranger_{database.name[-8:]} LOGIN PASSWORD 'x'")
    try:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            psycopg.connect(database.superuser_url, user=f"stranger_{database.name[-8:]}", password="x")
    finally:
        query(database.superuser_url, f"DROP ROLE stranger_{database.name[-8:]}")


def test_a_database_copied_from_the_template_has_the_same_rights_and_is_migrated_once(cluster: Cluster) -> None:
    migrated: list[Mapping[str, str]] = []

    def migrate(connections: Mapping[str, str]) -> None:
        migrated.append(connections)
        make_tables(connections)

    names = ["copied_one", "copied_two"]
    try:
        for name in names:
            cluster.create_migrated(name, migrate, template="copied_template")

        assert len(migrated) == 1
        for name in names:
            assert query(cluster.url(name, "auditor"), "SELECT * FROM credit_ledger.thing") == []
            query(cluster.url(name, "billing_worker"), "INSERT INTO thing VALUES (1)")
            with pytest.raises(errors.InsufficientPrivilege):
                query(cluster.url(name, "billing_worker"), "SELECT * FROM credit_ledger.thing")
    finally:
        for name in [*names, "copied_template"]:
            cluster.drop(name)


def test_a_template_whose_migration_failed_is_made_anew(cluster: Cluster) -> None:
    def fail(connections: Mapping[str, str]) -> None:
        raise ValueError("half way")

    try:
        with pytest.raises(ValueError, match="half way"):
            cluster.create_migrated("healed", fail, template="healed_template")
        cluster.create_migrated("healed", make_tables, template="healed_template")

        assert query(cluster.url("healed", "billing_worker"), "SELECT * FROM thing") == []
    finally:
        cluster.drop("healed")
        cluster.drop("healed_template")
        cluster.drop("healed_template_in_the_making")
