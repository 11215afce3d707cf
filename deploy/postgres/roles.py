"""Creates roles in a cluster and their rights in a database. Both may be repeated; a cluster may hold many databases.

As a program, `python -m deploy.postgres.roles` prepares one database from the environment:
`REFILL_POSTGRES_ADMIN_URL` is a superuser's connection string to that database, and the roles' passwords are those in
the workers' own connection strings. Run with other passwords it rotates them: open sessions go on, later ones need the
new one.
"""

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from shared.messaging.environment import complaint, look_up_all
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import EXIT_CODE
from shared.observability.errors import describe

SERVICES = ("billing", "credit_ledger", "notification")
AUDITED = ("billing", "credit_ledger")
"""Services whose books the auditor reads. Notification holds personal data and no money: not for the auditor."""

AUDITOR = "auditor"
LOCK_KEY = 0x5EF111  # any number: lets one session at a time make databases from the template

# Three workers' roles at their limits leave a tenth of the server's connections to everyone else. A worker holds one
# per lane, four for relay, bell, health and figures, and its pool: 17 at most.
WORKER_SHARE = 0.3
OTHERS_CONNECTIONS = 10  # migrations run one at a time, and an auditor is a person or a check

EXIT_UNAVAILABLE = 69  # EX_UNAVAILABLE of sysexits.h: try again later


def migrator(service: str) -> str:
    """The role that owns the service's schema and runs its migrations."""
    return f"{service}_migrator"


def worker(service: str) -> str:
    """The role the service's worker logs in as."""
    return f"{service}_worker"


MIGRATORS = tuple(map(migrator, SERVICES))
WORKERS = tuple(map(worker, SERVICES))

ROLE_SCHEMAS: dict[str, tuple[str, ...]] = {
    **{migrator(service): (service,) for service in SERVICES},
    **{worker(service): (service,) for service in SERVICES},
    AUDITOR: AUDITED,
}
"""Every role and its search path: its own schema, and only that.

A session may set another one; it finds nothing there. No schema that a role may use can be written by anybody but the
schema's own migrator, and nobody can make temporary tables, which PostgreSQL would look up before all others.
"""

LIMITS: dict[str, str] = {
    **dict.fromkeys(MIGRATORS, "limits_migrator.sql"),
    **dict.fromkeys(WORKERS, "limits_worker.sql"),
    AUDITOR: "limits_auditor.sql",
}

URL_VARIABLES = {
    **{worker(service): f"REFILL_{service.upper()}_DATABASE_URL" for service in SERVICES},
    **{migrator(service): f"REFILL_{service.upper()}_MIGRATOR_DATABASE_URL" for service in SERVICES},
    AUDITOR: "REFILL_AUDITOR_DATABASE_URL",
}
"""Which environment variable carries the connection string of which role."""

ADMIN_VARIABLE = "REFILL_POSTGRES_ADMIN_URL"


def create_roles(admin: psycopg.Connection, passwords: Mapping[str, str]) -> None:
    """Makes the cluster's roles exactly what they should be, with these passwords, in one transaction.

    `admin` is a superuser's connection, to whichever database. `passwords` has one entry per role of `ROLE_SCHEMAS`.
    """
    with admin.transaction():
        # PostgreSQL refuses to queue two changes of one role. This catalog is the cluster's, so its lock is, too.
        admin.execute("LOCK TABLE pg_catalog.pg_authid IN SHARE ROW EXCLUSIVE MODE")
        _run(admin, "cluster.sql")
        of_a_worker = _workers_connections(admin)
        for role, schemas in ROLE_SCHEMAS.items():
            _run(
                admin,
                "login.sql",
                role=sql.Identifier(role),
                name=sql.Literal(role),
                verifier=sql.Literal(_verifier(admin, role, passwords[role])),
                connections=sql.Literal(of_a_worker if role in WORKERS else OTHERS_CONNECTIONS),
                search_path=_names(schemas),
            )
            _run(admin, LIMITS[role], role=sql.Identifier(role))


def grant_database(admin: psycopg.Connection) -> None:
    """Creates the schemas and rights in the connected database. The roles must exist."""
    with admin.transaction():
        _run(admin, "functions.sql", lockers=_names([*MIGRATORS, *WORKERS]))
        for service in SERVICES:
            names = {"schema": sql.Identifier(service), "migrator": sql.Identifier(migrator(service))}
            others = _names(role for role in ROLE_SCHEMAS if role != migrator(service))
            _run(admin, "schema.sql", **names, worker=sql.Identifier(worker(service)), others=others)
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


def passwords_in(urls: Mapping[str, str]) -> dict[str, str]:
    """The password of each role, from its connection string under the variable's name.

    Raises `SettingsProblem` that names every string that cannot be meant, the admin's too, and quotes none.
    """
    given = {variable: _parts(url) for variable, url in urls.items()}
    flaws = [
        f"{variable} is not of the form postgresql://user:password@host:port/database"
        for variable, parts in given.items()
        if not parts
    ]
    for role, variable in URL_VARIABLES.items():
        if given[variable] and given[variable].get("user") != role:
            flaws.append(f"{variable} is not of the role {role}")
        elif given[variable] and not given[variable].get("password"):
            flaws.append(f"{variable} holds no password")
    if flaws:
        raise SettingsProblem(complaint(flaws))
    return {role: given[variable]["password"] for role, variable in URL_VARIABLES.items()}


def _parts(url: str) -> dict[str, str]:
    try:
        return {name: str(value) for name, value in conninfo_to_dict(url).items() if value is not None}
    except psycopg.ProgrammingError:  # it would quote the string
        return {}


def _workers_connections(admin: psycopg.Connection) -> int:
    row = admin.execute("SELECT current_setting('max_connections')::integer").fetchone()
    assert row is not None
    return int(WORKER_SHARE * row[0])


def _names(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, names))


def _verifier(admin: psycopg.Connection, role: str, password: str) -> str:
    made = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return made.decode()


def _run(admin: psycopg.Connection, file: str, **names: sql.Composable) -> None:
    text = Path(__file__).with_name(file).read_text()
    statement = sql.SQL(text)  # a file of this package, not input
    admin.execute(statement.format(**names))


def main() -> int:
    """Prepares the database that the admin's address names; says which settings are missing or wrong."""
    try:
        settings = look_up_all([ADMIN_VARIABLE, *URL_VARIABLES.values()])
        passwords = passwords_in(settings)
        with psycopg.connect(settings[ADMIN_VARIABLE], autocommit=True) as admin:
            create_roles(admin, passwords)
            grant_database(admin)
    except SettingsProblem as problem:
        print(problem, file=sys.stderr)
        return EXIT_CODE
    except psycopg.OperationalError as error:
        print(f"PostgreSQL does not answer to {ADMIN_VARIABLE}: {describe(error)}", file=sys.stderr)
        return EXIT_UNAVAILABLE
    except (psycopg.ProgrammingError, psycopg.errors.InsufficientPrivilege) as error:
        print(f"{ADMIN_VARIABLE} is not a superuser's, or not of a PostgreSQL 18: {describe(error)}", file=sys.stderr)
        return EXIT_CODE
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
