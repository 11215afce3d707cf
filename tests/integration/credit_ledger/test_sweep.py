"""Many accounts that renew at one second: what the sweep reads and how much it says to the database, never how long."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.credit_ledger.handlers import ALARMS
from services.credit_ledger.handlers.renewal import QUOTA_RENEWAL
from shared.contracts.credit_ledger import BalanceChanged
from shared.messaging.timers import QUERIES
from tests.integration.credit_ledger.ledger import Ledger, bad_checks, member, usage
from tests.stack.database import Database

NEXT = datetime(2026, 4, 5, tzinfo=UTC)
MANY = 20_000
[BATCH] = [alarm.max_batch for alarm in ALARMS if alarm.kind == QUOTA_RENEWAL]


class Counting(psycopg.Cursor[Any]):
    """Counts what is said to the database."""

    statements = 0

    def execute(self, *args: Any, **kwargs: Any) -> Counting:
        Counting.statements += 1
        super().execute(*args, **kwargs)
        return self

    def copy(self, *args: Any, **kwargs: Any) -> Any:
        Counting.statements += 1
        return super().copy(*args, **kwargs)


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A plan's nodes, those of its subplans too."""
    yield plan
    for inner in plan.get("Plans", ()):
        yield from nodes(inner)


@pytest.mark.rule("C7")
def test_of_many_timers_of_one_second_a_batch_reads_its_own_and_sorts_none(ledger: Ledger, database: Database) -> None:
    with ledger.connection.transaction():
        ledger.connection.execute(
            "INSERT INTO timers (kind, ref, due_at) SELECT %s, 'acme/user-' || number, %s "
            "FROM generate_series(1, %s) AS number",
            (QUOTA_RENEWAL, NEXT, MANY),
        )
    with psycopg.connect(database.superuser_url, autocommit=True) as superuser:
        superuser.execute("ANALYZE credit_ledger.timers")
    wanted = {"kind": QUOTA_RENEWAL, "now": NEXT, "busy": [], "limit": BATCH, "lease_s": 60, "token": uuid4()}
    explain = "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + QUERIES["claim"]
    with ledger.connection.transaction(force_rollback=True):
        [[[document]]] = ledger.connection.execute(explain, wanted).fetchall()
    plan = list(nodes(document["Plan"]))
    assert [node["Node Type"] for node in plan if "Sort" in node["Node Type"]] == []
    assert max(node["Actual Rows"] for node in plan) == BATCH < MANY


@pytest.mark.rule("C7")
def test_many_accounts_are_renewed_by_as_many_statements_as_few(ledger: Ledger, database: Database) -> None:
    users = [f"user-{number}" for number in range(60)]
    ledger.handle(*(member(user) for user in users))
    refs = [f"acme/{user}" for user in users]
    ledger.renew(*refs)
    ledger.connection.cursor_factory = Counting
    said = []
    for at in (NEXT, NEXT + timedelta(hours=1, milliseconds=1)):  # opened, then the rest lapses
        ledger.at = at
        for batch in (refs[:2], refs[2:]):
            before = Counting.statements
            assert len(ledger.renew(*batch).of(BalanceChanged)) == len(batch)
            said.append(Counting.statements - before)
    assert said[0] == said[1]
    assert said[2] == said[3]
    assert bad_checks(database) == []


@pytest.mark.rule("C7")
def test_an_account_that_the_sweep_has_not_reached_is_renewed_by_its_use_and_the_sweep_then_does_nothing(
    ledger: Ledger,
) -> None:
    ledger.handle(usage("u1", 9_999))
    ledger.at = NEXT + timedelta(minutes=7)
    [balance] = ledger.handle(usage("u2", 100, occurred_at=ledger.at)).of(BalanceChanged)
    assert balance.usable == 9_900
    assert ledger.renew("acme/erin").effects == []
