"""What is beside the tables: no role makes things, becomes another, or reaches into a foreign schema or the server."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg
import pytest
from psycopg import errors

from deploy.postgres.roles import AUDITED
from tests.integration.postgres.rights import expected
from tests.integration.postgres.rights.conftest import Doors
from tests.integration.postgres.rights.expected import ROLES, Role

SCHEMAS = (*expected.SERVICES, "public")
WORKERS = [role for role in ROLES if role.kind == "worker"]
APPEND_ONLY = {"credit_ledger": "postings", "billing": "stripe_events", "notification": "notices"}

# What nobody may do, whoever he is. Each is refused for want of a right.
FORBIDDEN = {
    "read who may log in with which password": "SELECT rolpassword FROM pg_authid",
    "read passwords by the older name": "SELECT passwd FROM pg_shadow",
    "read samples of columns": "SELECT * FROM pg_statistic",
    "read large objects": "SELECT * FROM pg_largeobject",
    "read a file of the server": "SELECT pg_read_file('PG_VERSION')",
    "list a folder of the server": "SELECT pg_ls_dir('.')",
    "read the rules of who may enter": "SELECT * FROM pg_hba_file_rules",
    "load a file of the server": "COPY pg_catalog.pg_class FROM '/etc/hostname'",
    "write a file of the server": "COPY (SELECT 1) TO '/tmp/refill-rights'",
    "run a program on the server": "COPY (SELECT 1) TO PROGRAM 'true'",
    "import a file": "SELECT lo_import('/etc/hostname')",
    "leave a large object": "SELECT lo_create(0)",
    "leave a large object with content": "SELECT lo_from_bytea(0, 'x')",
    "make a temporary table": "CREATE TEMPORARY TABLE mine (id int)",
    "make a schema": "CREATE SCHEMA mine",
    "make a role": "CREATE ROLE mine",
    "make a database": "CREATE DATABASE mine",
    "load an extension": "CREATE EXTENSION file_fdw SCHEMA pg_catalog",
    "change the server": "ALTER SYSTEM SET log_statement = 'all'",
    "reload the server": "SELECT pg_reload_conf()",
    "publish tables": "CREATE PUBLICATION mine FOR ALL TABLES",
    "copy the log of the server": "SELECT pg_create_physical_replication_slot('mine')",
    "switch triggers off": "SET session_replication_role = replica",
    "log less": "SET log_min_messages = fatal",
    "have rows quoted in the server's log": "SET log_error_verbosity = verbose",
}


def refused(
    doors: Doors, role: Role, statement: str, error: type[psycopg.Error] = errors.InsufficientPrivilege
) -> None:
    with doors.open(role) as connection, pytest.raises(error):
        connection.execute(statement.encode())


@pytest.mark.parametrize("what", FORBIDDEN)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_no_role_may(doors: Doors, role: Role, what: str) -> None:
    refused(doors, role, FORBIDDEN[what])


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_uses_the_schemas_that_are_for_it_and_only_a_migrator_makes_things_in_his_own(
    doors: Doors, role: Role
) -> None:
    with doors.open(role) as connection:
        found = {
            schema: connection.execute(
                "SELECT has_schema_privilege(%(schema)s, 'USAGE'), has_schema_privilege(%(schema)s, 'CREATE')",
                {"schema": schema},
            ).fetchone()
            for schema in SCHEMAS
        }
    audited = AUDITED if role.kind == "auditor" else ()
    assert found == {
        schema: (schema == role.service or schema in audited, schema == role.service and role.kind == "migrator")
        for schema in SCHEMAS
    }


@pytest.mark.parametrize("schema", SCHEMAS)
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_tables_and_functions_are_made_by_a_schemas_own_migrator_alone(doors: Doors, role: Role, schema: str) -> None:
    made = (f"CREATE TABLE {schema}.mine (id int)", f"CREATE FUNCTION {schema}.mine() RETURNS int RETURN 1")
    if (role.kind, role.service) != ("migrator", schema):
        for statement in made:
            refused(doors, role, statement)
        return
    with doors.open(role) as connection, connection.transaction(force_rollback=True):
        for statement in made:
            connection.execute(statement.encode())


@pytest.mark.parametrize("other", ROLES, ids=lambda role: f"as_{role.name}")
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_no_role_becomes_another(doors: Doors, role: Role, other: Role) -> None:
    name = doors.stranger if other.kind == "stranger" else other.name
    if role != other:
        refused(doors, role, f'SET ROLE "{name}"')
        refused(doors, role, f'SET SESSION AUTHORIZATION "{name}"')
        refused(doors, role, f"ALTER ROLE \"{name}\" PASSWORD 'mine'")
    refused(doors, role, "SET ROLE postgres")


@pytest.mark.parametrize("role", [role for role in ROLES if role.kind != "migrator"], ids=lambda role: role.name)
def test_functions_of_the_schemas_are_called_by_triggers_alone(doors: Doors, role: Role) -> None:
    with psycopg.connect(doors.database.superuser_url) as admin:
        functions = admin.execute(
            "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace::regnamespace::text = ANY (%s)",
            (list(SCHEMAS),),
        ).fetchall()
    assert functions
    for (function,) in functions:
        refused(doors, role, f"SELECT {function}")


@pytest.mark.rule("C14")
@pytest.mark.parametrize("role", WORKERS, ids=lambda role: role.name)
def test_a_worker_changes_no_table_of_its_own_and_takes_no_guard_away(doors: Doors, role: Role) -> None:
    table = f"{role.service}.{APPEND_ONLY[str(role.service)]}"
    for statement in (
        f"ALTER TABLE {table} DISABLE TRIGGER ALL",
        f"ALTER TABLE {table} DISABLE TRIGGER USER",
        f"ALTER TABLE {table} ADD COLUMN mine int",
        f"ALTER TABLE {table} OWNER TO {role.name}",
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE INDEX mine ON {table} ((1))",
        f"CREATE TRIGGER mine BEFORE INSERT ON {table} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        f"DROP TABLE {table}",
        f"DROP SCHEMA {role.service} CASCADE",
    ):
        refused(doors, role, statement)
    # A grant without the right to give it is no error, and no grant.
    with doors.open(role) as connection:
        connection.execute(f"GRANT ALL ON {table} TO PUBLIC".encode())
        right = connection.execute("SELECT has_table_privilege('auditor', %s, 'DELETE')", (table,)).fetchone()
    assert right == (False,)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_another_search_path_leads_nowhere_else(doors: Doors, role: Role) -> None:
    """What a session names without a schema it finds in a schema that is for it, or not at all."""
    others = [schema for schema in SCHEMAS if schema != role.service]
    with doors.open(role) as connection:
        connection.execute(f"SET search_path = {', '.join(others)}".encode())
        seen = connection.execute("SELECT current_schemas(false)::text[]").fetchone()
    audited = list(AUDITED) if role.kind == "auditor" else []
    assert seen == ([schema for schema in others if schema in audited],)


@pytest.mark.parametrize("database", ["postgres", "template1"])
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_no_role_enters_the_maintenance_databases(doors: Doors, role: Role, database: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(doors.url(role), dbname=database)


def test_the_stranger_got_in_by_a_grant_of_the_test_alone(doors: Doors) -> None:
    role = Role("stranger", "stranger")
    with psycopg.connect(doors.database.superuser_url, autocommit=True) as admin:
        name = f'DATABASE "{doors.database.name}"'
        admin.execute(f"REVOKE CONNECT ON {name} FROM {doors.stranger}".encode())
        try:
            with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                doors.open(role)
        finally:
            admin.execute(f"GRANT CONNECT ON {name} TO {doors.stranger}".encode())


@pytest.mark.parametrize("kind", ["auditor", "stranger"])
def test_who_only_reads_cannot_stop_the_relay_or_a_migration_by_their_locks(doors: Doors, kind: str) -> None:
    role = next(role for role in ROLES if role.kind == kind)
    for function in ("pg_advisory_lock(1)", "pg_try_advisory_lock(1)", "pg_advisory_xact_lock_shared(1, 2)"):
        refused(doors, role, f"SELECT {function}")


LIMITS: Mapping[str, Mapping[str, str]] = {
    "worker": {
        "statement_timeout": "30s", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "30s",
        "idle_session_timeout": "0", "default_transaction_read_only": "off",
    },
    "migrator": {
        "statement_timeout": "10min", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "1min",
        "idle_session_timeout": "15min", "default_transaction_read_only": "off",
    },
    "auditor": {
        "statement_timeout": "10min", "lock_timeout": "5s", "idle_in_transaction_session_timeout": "1min",
        "idle_session_timeout": "15min", "default_transaction_read_only": "on",
    },
}  # fmt: skip
EVERYONE = {
    "timezone": "UTC", "tcp_keepalives_idle": "5", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3",
    "tcp_user_timeout": "20000", "client_connection_check_interval": "5s", "log_error_verbosity": "terse",
}  # fmt: skip


@pytest.mark.parametrize("role", [role for role in ROLES if role.kind in LIMITS], ids=lambda role: role.name)
def test_a_session_has_the_limits_of_its_role(doors: Doors, role: Role) -> None:
    path = {"search_path": ", ".join([role.service] if role.service else AUDITED)}
    wanted = {**LIMITS[role.kind], **EVERYONE, **path}
    with psycopg.connect(doors.url(role)) as connection:
        found = {name: connection.execute(f"SHOW {name}".encode()).fetchone() for name in wanted}
    assert found == {name: (value,) for name, value in wanted.items()}


def test_no_service_can_take_all_connections_of_the_server(doors: Doors) -> None:
    with psycopg.connect(doors.database.superuser_url) as admin:
        limits: dict[str, int] = dict(admin.execute("SELECT rolname, rolconnlimit FROM pg_roles").fetchall())
        row = admin.execute("SELECT current_setting('max_connections')::int").fetchone()
    assert row is not None
    assert all(0 < limits[role.name] < row[0] for role in ROLES if role.kind in LIMITS)
    assert sum(limits[role.name] for role in WORKERS) < row[0]
