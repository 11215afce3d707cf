"""What a role really may do with a table, by trying it on the server. Nothing is changed by trying.

`EXPLAIN` of a statement checks the rights to it as its execution does, and then does not execute it. `DEFAULT` as the
new value reads no column, so that the right to change one is seen apart from the right to read it.
"""

from __future__ import annotations

import psycopg
from psycopg import errors, sql

# Of a view that cannot be written; it says so before it looks at rights.
NOT_WRITABLE = errors.ObjectNotInPrerequisiteState


def rights(connection: psycopg.Connection, table: str, columns: list[str]) -> str:
    """In the words of `expected`. The connection is the role's own, with autocommit on."""
    name = sql.Identifier(*table.split("."))
    names = [sql.Identifier(column) for column in columns]
    defaults = sql.SQL(", ").join([sql.SQL("DEFAULT")] * len(names))
    every = sql.SQL(", ").join(names)
    changeable = [
        column
        for column in columns
        if _may(connection, "EXPLAIN UPDATE {} SET {} = DEFAULT", name, sql.Identifier(column))
    ]
    found = [
        "select" if _may(connection, "EXPLAIN SELECT {} FROM {}", every, name) else "",
        "insert" if _may(connection, "EXPLAIN INSERT INTO {} ({}) VALUES ({})", name, every, defaults) else "",
        _update(changeable, columns),
        "delete" if _may(connection, "EXPLAIN DELETE FROM {}", name) else "",
        "truncate" if _may_truncate(connection, name) else "",
    ]
    return " ".join(filter(None, found))


def _update(changeable: list[str], columns: list[str]) -> str:
    if not changeable:
        return ""
    return "update" if changeable == columns else f"update({' '.join(sorted(changeable))})"


def _may(connection: psycopg.Connection, statement: str, *names: sql.Composable) -> bool:
    try:
        connection.execute(sql.SQL(statement).format(*names))
    except (errors.InsufficientPrivilege, NOT_WRITABLE):
        return False
    return True


def _may_truncate(connection: psycopg.Connection, name: sql.Identifier) -> bool:
    """Tried, and taken back. A trigger's refusal comes after the question of rights, so it counts as a right."""
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(name))
    except (errors.InsufficientPrivilege, errors.WrongObjectType):
        return False
    except errors.RestrictViolation:
        return True
    return True
