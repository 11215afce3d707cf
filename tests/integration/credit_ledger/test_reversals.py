"""Usage taken back: to the lots it came from, whole and once (C12)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsReturned, UsageReversalRefused
from shared.contracts.reasons import Reason
from tests.integration.credit_ledger.ledger import Ledger, bad_checks, paid, reversal, usage, workspace
from tests.stack.database import Database

PERIOD_END = datetime(2026, 4, 5, tzinfo=UTC)


@pytest.mark.rule("C12", "C11")
def test_a_usage_taken_back_returns_to_its_lots_and_twice_is_once(ledger: Ledger, database: Database) -> None:
    ledger.handle(paid("p1", "erin"), usage("u1", 10_500))
    answers = ledger.handle(reversal("u1"), reversal("u1"))
    [returned] = answers.of(CreditsReturned)
    assert [(lot.kind, lot.credits) for lot in returned.returned] == [("quota", 10_000), ("top_up", 500)]
    assert [each.usable for each in answers.of(BalanceChanged)] == [13_000]
    assert ledger.handle(reversal("u1")).effects == []
    ledger.handle(usage("u1", 10_500))
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 10_000), ("top_up", 3_000, 3_000)]
    assert bad_checks(database) == []


@pytest.mark.rule("C12")
def test_what_came_from_a_quota_that_has_lapsed_stays_lapsed(ledger: Ledger, database: Database) -> None:
    ledger.handle(paid("p1", "erin"), usage("u1", 10_500), usage("u2", 100))
    ledger.at = PERIOD_END + timedelta(hours=2)
    ledger.renew("acme/erin")
    [returned] = ledger.handle(reversal("u1")).of(CreditsReturned)
    assert [(lot.kind, lot.credits) for lot in returned.returned] == [("top_up", 500)]
    assert [(lot.kind, lot.credits) for lot in returned.lapsed] == [("quota", 10_000)]
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("quota", 10_000, 10_000), ("top_up", 3_000, 2_900)]
    assert bad_checks(database) == []


@pytest.mark.rule("C12", "C4")
def test_what_is_paused_now_returns_all_the_same(ledger: Ledger, database: Database) -> None:
    ledger.handle(paid("p1", "erin"), usage("u1", 10_500), workspace(plan="free", version=2))
    [balance] = ledger.handle(reversal("u1")).of(BalanceChanged)
    assert (balance.usable, balance.top_up_remaining, balance.top_up_paused) == (0, 3_000, True)
    assert bad_checks(database) == []


@pytest.mark.rule("C12")
def test_an_unknown_usage_is_waited_for_and_then_refused_as_is_one_that_burned_nothing(ledger: Ledger) -> None:
    [parked] = ledger.handle(reversal("u1")).parked
    assert parked.waiting_for == "usage u1"
    ledger.handle(usage("u2", 99_999))
    ledger.may_wait = False
    answers = ledger.handle(reversal("u1"), reversal("u2"))
    assert [each.reason for each in answers.of(UsageReversalRefused)] == [
        Reason.UNKNOWN_USAGE,
        Reason.USAGE_NOT_BURNED,
    ]
    assert [
        each.reason for each in ledger.handle(reversal("u2"), source="/products/other").of(UsageReversalRefused)
    ] == [Reason.UNKNOWN_USAGE]
