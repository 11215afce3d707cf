"""What is written once stays: refused to the worker by privilege, and to the owner and a superuser by trigger."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from deploy.local.cluster import Cluster
from tests.integration.credit_ledger.ledger import (
    Ledger,
    catalog,
    grant,
    hold,
    ledger_database,
    member,
    paid,
    recall,
    release,
    reversal,
    usage,
    verdict,
    workspace,
)
from tests.stack.database import Database

FIXED = (
    *("postings", "usages", "purchases", "grants", "hold_ends", "usage_reversals", "quota_resizes"),
    *("recalls", "recall_steps", "operator_deeds"),
)
CHANGES = (
    "UPDATE {table} SET workspace_id = workspace_id",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
)


@pytest.fixture(scope="module")
def database(cluster: Cluster) -> Iterator[Database]:
    """One for all: what every test here tries is refused."""
    with ledger_database(cluster, "append_only") as made:
        yield made


@pytest.fixture(scope="module")
def used(database: Database) -> Iterator[Ledger]:
    ledger = Ledger(database.worker_url("credit_ledger"))
    ledger.handle(catalog(), workspace(), member("erin"))
    ledger.handle(paid("p1", "erin"), usage("u1", 100), hold("h1", 20), release("h1"), usage("u2", 5), reversal("u2"))
    ledger.handle(recall("r1", "p1", "erin"), verdict("r1", "p1", "erin", verdict="take_back"), grant("g1", 5))
    yield ledger
    ledger.close()


def change(table: str, template: str) -> str:
    column = "credits" if table == "postings" else "workspace_id"
    return template.format(table=f"credit_ledger.{table}").replace("workspace_id", column)


@pytest.mark.rule("C14")
@pytest.mark.parametrize("template", CHANGES)
@pytest.mark.parametrize("table", FIXED)
def test_the_worker_has_no_right_to_change_or_delete(used: Ledger, table: str, template: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), used.connection.transaction():
        used.connection.execute(change(table, template))


@pytest.mark.rule("C14")
@pytest.mark.parametrize("template", CHANGES)
@pytest.mark.parametrize("table", FIXED)
def test_the_owner_and_a_superuser_are_refused_too(used: Ledger, database: Database, table: str, template: str) -> None:
    for url in (database.migrator_url("credit_ledger"), database.superuser_url):
        with psycopg.connect(url) as connection, pytest.raises(psycopg.errors.RestrictViolation, match="append-only"):
            connection.execute(change(table, template))


@pytest.mark.rule("C14")
def test_the_worker_changes_of_a_lot_only_what_is_left_of_it(used: Ledger) -> None:
    for column in ("user_id", "workspace_id", "opened_at", "purchase_id", "kind"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), used.connection.transaction():
            used.connection.execute(f"UPDATE lots SET {column} = {column}")


@pytest.mark.rule("C3", "C8", "C14")
def test_a_bought_lot_is_never_resized_and_no_quota_is_granted_less(used: Ledger) -> None:
    for change in ("granted = granted + 1 WHERE kind = 'top_up'", "granted = granted - 1 WHERE kind = 'quota'"):
        with pytest.raises(psycopg.errors.RestrictViolation), used.connection.transaction():
            used.connection.execute(f"UPDATE lots SET {change}")
    with pytest.raises(psycopg.errors.CheckViolation, match="only_a_quota_withholds"), used.connection.transaction():
        used.connection.execute("UPDATE lots SET withheld = 1 WHERE kind = 'top_up'")


@pytest.mark.rule("C9", "C11")
def test_of_a_hold_only_its_state_changes_and_no_hold_goes_away(used: Ledger, database: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), used.connection.transaction():
        used.connection.execute("UPDATE holds SET credits = credits")
    with psycopg.connect(database.superuser_url) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("UPDATE credit_ledger.holds SET credits = credits")
    with psycopg.connect(database.superuser_url) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute("DELETE FROM credit_ledger.holds")


@pytest.mark.rule("B11", "B12", "C14")
def test_of_a_line_of_a_recall_only_its_verdict_changes(used: Ledger, database: Database) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege), used.connection.transaction():
        used.connection.execute("UPDATE recall_lines SET credits = credits")
    for change in ("UPDATE credit_ledger.recall_lines SET spent = spent", "DELETE FROM credit_ledger.recall_lines"):
        with psycopg.connect(database.superuser_url) as connection, pytest.raises(psycopg.errors.RestrictViolation):
            connection.execute(change)


@pytest.mark.rule("B11", "C13")
@pytest.mark.parametrize("change", ["owed = taken + 1", "frozen = true", "withdrawn = -1", "settled = granted + 1"])
def test_no_more_is_owed_than_was_taken_and_what_is_taken_back_is_not_frozen(used: Ledger, change: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation), used.connection.transaction():
        used.connection.execute(f"UPDATE lots SET {change} WHERE taken > 0")
    with pytest.raises(psycopg.errors.CheckViolation), used.connection.transaction():
        used.connection.execute("UPDATE accounts SET debt = -1")


@pytest.mark.rule("C13")
@pytest.mark.parametrize("remaining", ["-1", "granted + 1"])
def test_no_lot_goes_below_zero_or_above_what_was_granted(used: Ledger, remaining: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation, match="never_below_zero"), used.connection.transaction():
        used.connection.execute(f"UPDATE lots SET remaining = {remaining}")
