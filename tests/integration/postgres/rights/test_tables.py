"""The whole matrix of PostgreSQL: every role x every table x what can be done with it, on the real server."""

from __future__ import annotations

import psycopg
import pytest

from tests.integration.postgres.rights import expected
from tests.integration.postgres.rights.conftest import Doors
from tests.integration.postgres.rights.expected import ROLES, Role
from tests.integration.postgres.rights.measured import rights

RELATIONS = """
    SELECT format('%s.%s', relnamespace::regnamespace, relname), array_agg(attname::text ORDER BY attnum)
    FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
    WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
    GROUP BY relnamespace, relname
"""
SEQUENCES = "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'S'"
ODD_RIGHTS = """
    SELECT oid::regclass::text, kind FROM pg_class, unnest('{REFERENCES,TRIGGER,MAINTAIN}'::text[]) AS kind
    WHERE relkind IN ('r', 'v', 'm', 'f', 'p') AND relnamespace::regnamespace::text !~ '^(pg_|information_schema$)'
      AND has_table_privilege(%(role)s, oid, kind) AND NOT pg_has_role(%(role)s, relowner, 'USAGE')
"""


@pytest.fixture(scope="session")
def relations(doors: Doors) -> dict[str, list[str]]:
    """Every table and view that stands outside the system's own schemas, with its columns."""
    with psycopg.connect(doors.database.superuser_url) as admin:
        return dict(admin.execute(RELATIONS).fetchall())


def test_every_table_has_its_line_and_every_line_its_table(relations: dict[str, list[str]]) -> None:
    lines = {f"{schema}.{table}" for schema, tables in expected.tables().items() for table in tables}
    assert set(relations) == lines


@pytest.mark.rule("C14")
@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_a_role_may_do_with_each_table_what_its_line_says_and_nothing_else(
    doors: Doors, relations: dict[str, list[str]], role: Role
) -> None:
    with doors.open(role) as connection:
        found = {table: rights(connection, table, columns) for table, columns in sorted(relations.items())}
    assert found == expected.of(role)


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_nobody_but_the_owner_refers_to_a_table_hangs_triggers_on_it_or_maintains_it(doors: Doors, role: Role) -> None:
    name = doors.stranger if role.kind == "stranger" else role.name
    with psycopg.connect(doors.database.superuser_url) as admin:
        assert admin.execute(ODD_RIGHTS, {"role": name}).fetchall() == []


@pytest.mark.parametrize("role", [role for role in ROLES if role.kind != "migrator"], ids=lambda role: role.name)
def test_the_numbers_of_outbox_rows_are_taken_by_inserting_alone(doors: Doors, role: Role) -> None:
    with psycopg.connect(doors.database.superuser_url) as admin:
        sequences = [name for (name,) in admin.execute(SEQUENCES).fetchall()]
    assert len(sequences) == len(expected.SERVICES)
    with doors.open(role) as connection:
        for sequence in sequences:
            for statement in (f"SELECT nextval('{sequence}')", f"SELECT setval('{sequence}', 1)"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    connection.execute(statement)


def test_a_right_too_many_is_seen(doors: Doors, relations: dict[str, list[str]]) -> None:
    """The matrix has teeth: one column of one table, granted to one role too many."""
    role, table = Role("auditor", "auditor"), "credit_ledger.postings"
    with psycopg.connect(doors.database.superuser_url, autocommit=True) as admin, doors.open(role) as connection:
        admin.execute("GRANT UPDATE (credits) ON credit_ledger.postings TO auditor")
        try:
            assert rights(connection, table, relations[table]) == "select update(credits)"
        finally:
            admin.execute("REVOKE UPDATE (credits) ON credit_ledger.postings FROM auditor")
        assert rights(connection, table, relations[table]) == expected.of(role)[table]
