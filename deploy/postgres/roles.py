"""Creates roles in a cluster and their rights in a database. Both may be repeated; a cluster may hold many databases.

As a program, `python -m deploy.postgres.roles` prepares one database from the environment:
`REFILL_POSTGRES_ADMIN_URL` is a superuser's connection string to that database, and the roles' passwords are those in
the workers' own connection strings.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

SERVICES = ("billing", "credit_ledger", "notification")
AUDITED = ("billing", "credit_ledger")
"""Services whose books the auditor reads. Notification holds personal data and no money: not for the auditor."""

AUDITOR = "auditor"
LOCK_KEY = 0x5EF111  # any number: lets one session at a time alter roles, which PostgreSQL itself refuses to queue


def migrator(service: str) -> str:
    """The role that owns the service's schema and runs its migrations."""
    return f"{service}_migrator"


def worker(service: str) -> str:
    """The role the service's worker logs in as."""
    return f"{service}_worker"


ROLE_SCHEMAS: dict[str, tuple[str, ...]] = {
    **{migrator(service): (service,) for service in SERVICES},
    **{worker(service): (service,) for service in SERVICES},
    AUDITOR: AUDITED,
}
"""Every role and its search path: its own schema, and only that."""

URL_VARIABLES = {
    **{worker(service): f"REFILL_{service.upper()}_DATABASE_URL" for service in SERVICES},
    **{migrator(service): f"REFILL_{service.upper()}_MIGRATOR_DATABASE_URL" for service in SERVICES},
    AUDITOR: "REFILL_AUDITOR_DATABASE_URL",
}
"""Which environment variable carries the connection string of which role."""


def create_roles(admin: psycopg.Connection, passwords: Mapping[str, str]) -> None:
    """Creates the roles of the cluster, or sets the passwords and limits of those that exist, in one transaction.

    `admin` is a superuser's connection; callers that may meet must use the same database, as the lock between them is
    its own. `passwords` has one entry per role of `ROLE_SCHEMAS`.
    """
    with admin.transaction():
        admin.execute("SELECT pg_advisory_xact_lock(%s)", (LOCK_KEY,))
        for role, schemas in ROLE_SCHEMAS.items():
            _run(
                admin,
                "login.sql",
                role=sql.Identifier(role),
                name=sql.Literal(role),
                verifier=sql.Literal(_verifier(admin, role, passwords[role])),
                search_path=sql.SQL(", ").join(sql.Identifier(schema) for schema in schemas),
            )
        for service in SERVICES:
            _run(admin, "limits.sql", role=sql.Identifier(worker(service)))


def grant_database(admin: psycopg.Connection) -> None:
    """Creates the schemas and rights in the connected database. The roles must exist."""
    with admin.transaction():
        _run(admin, "database.sql", database=sql.Identifier(admin.info.dbname))
        for service in SERVICES:
            names = {"schema": sql.Identifier(service), "migrator": sql.Identifier(migrator(service))}
            _run(admin, "schema.sql", **names, worker=sql.Identifier(worker(service)))
            if service in AUDITED:
                _run(admin, "audit.sql", **names, auditor=sql.Identifier(AUDITOR))
        grant_connect(admin)


def grant_connect(admin: psycopg.Connection) -> None:
    """Lets the roles, and nobody else, enter the connected database: all that a copy of a template database still
    lacks."""
    database = sql.Identifier(admin.info.dbname)
    with admin.transaction():
        _run(admin, "database.sql", database=database)
        for role in ROLE_SCHEMAS:
            _run(admin, "connect.sql", database=database, role=sql.Identifier(role))


def _verifier(admin: psycopg.Connection, role: str, password: str) -> str:
    made = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return made.decode()


def _run(admin: psycopg.Connection, file: str, **names: sql.Composable) -> None:
    text = Path(__file__).with_name(file).read_text()
    statement = sql.SQL(text)  # a file of this package, not input
    admin.execute(statement.format(**names))


def main() -> int:
    """Prepares the database that `REFILL_POSTGRES_ADMIN_URL` names; says which settings are missing."""
    wanted = ["REFILL_POSTGRES_ADMIN_URL", *URL_VARIABLES.values()]
    missing = [name for name in wanted if not os.environ.get(name)]
    if missing:
        print(f"Not set: {', '.join(missing)}", file=sys.stderr)
        return 2
    passwords = {
        role: str(conninfo_to_dict(os.environ[variable]).get("password", ""))
        for role, variable in URL_VARIABLES.items()
    }
    with psycopg.connect(os.environ["REFILL_POSTGRES_ADMIN_URL"], autocommit=True) as admin:
        create_roles(admin, passwords)
        grant_database(admin)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
