"""Usage on real tables: what is burned, what is refused, and that an id has one effect for ever."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsBurned, CreditsGranted, UsageRefused
from shared.contracts.holds import HoldCredits
from shared.contracts.product import UsageReported
from shared.contracts.reasons import Reason
from tests.integration.credit_ledger.ledger import Ledger, bad_checks, catalog, hold, member, paid, usage, workspace
from tests.stack.database import Database


@pytest.mark.rule("C1", "C6")
def test_a_usage_burns_the_periods_quota_which_is_opened_when_it_is_first_needed(
    ledger: Ledger, database: Database
) -> None:
    answers = ledger.handle(usage("u1", 700), usage("u2", 300))
    [granted] = answers.of(CreditsGranted)
    assert (granted.user_id, granted.kind, granted.credits) == ("erin", "quota", 10_000)
    assert granted.period_start == datetime(2026, 3, 5, tzinfo=UTC)
    [burned] = answers.of(CreditsBurned)
    assert (burned.usages, burned.credits) == (2, 1_000)
    [balance] = answers.of(BalanceChanged)
    assert (balance.quota_remaining, balance.top_up_remaining, balance.usable) == (9_000, 0, 9_000)
    assert balance.quota_ends_at == datetime(2026, 4, 5, tzinfo=UTC)
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_000)]
    assert bad_checks(database) == []


@pytest.mark.rule("C1")
def test_quota_burns_before_top_up_lots_and_of_these_the_oldest_first(ledger: Ledger, database: Database) -> None:
    ledger.handle(paid("old", "erin"))
    ledger.at = ledger.at.replace(hour=13)
    ledger.handle(paid("new", "erin", credits=5_000))
    answers = ledger.handle(usage("u1", 10_000), usage("u2", 3_500))
    [burned] = answers.of(CreditsBurned)
    assert [(lot.kind, lot.credits) for lot in burned.lots] == [("quota", 10_000), ("top_up", 3_000), ("top_up", 500)]
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("top_up", 3_000, 0), ("top_up", 5_000, 4_500)]
    assert bad_checks(database) == []


@pytest.mark.rule("C10")
def test_a_usage_that_is_short_burns_nothing_and_says_by_how_much(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 9_990))
    answers = ledger.handle(usage("u2", 25))
    [refused] = answers.of(UsageRefused)
    assert refused.reason is Reason.INSUFFICIENT_CREDITS
    assert (refused.needed, refused.available, refused.short_by) == (25, 10, 15)
    assert not answers.of(BalanceChanged)
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 10)]


@pytest.mark.rule("C11")
@pytest.mark.case(7)
@pytest.mark.parametrize("message", [usage("u1", 100), hold("h1", 100)], ids=["usage", "hold"])
def test_what_comes_again_when_another_account_would_pay_makes_nothing_that_anybody_is_told_of(
    ledger: Ledger, message: UsageReported | HoldCredits
) -> None:
    ledger.handle(message)
    ledger.handle(workspace(plan="free", version=2))
    ledger.handle(message)
    told = ledger.handle(workspace(plan="pro", version=3)).of(BalanceChanged)
    assert [balance.user_id for balance in told] == ["erin"]


@pytest.mark.rule("C11")
@pytest.mark.case(7)
def test_a_usage_delivered_again_changes_nothing_in_this_batch_or_a_later_one(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 100), usage("u1", 100))
    again = ledger.handle(usage("u1", 100), usage("u1", 100))
    assert again.effects == []
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_900)]


@pytest.mark.rule("C11")
def test_a_refusal_is_final_for_its_id_and_answered_again_alike(ledger: Ledger) -> None:
    first = ledger.handle(usage("u1", 10_001))
    ledger.handle(paid("p1", "erin"))
    again = ledger.handle(usage("u1", 10_001))
    assert again.of(UsageRefused) == first.of(UsageRefused)
    assert again.ids
    assert set(again.ids) <= set(first.ids)
    assert ledger.handle(usage("u2", 10_001)).of(CreditsBurned)


@pytest.mark.rule("C11")
@pytest.mark.case(18)
def test_a_usage_id_with_other_content_is_refused_and_the_first_effect_stands(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 100))
    answers = ledger.handle(usage("u1", 200), usage("u1", 100, user_id="evan"))
    assert [refused.reason for refused in answers.of(UsageRefused)] == [Reason.USAGE_ID_REUSED] * 2
    assert ledger.rows("SELECT credits FROM usages") == [(100,)]
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_900)]


@pytest.mark.rule("C11")
def test_the_same_usage_id_of_another_source_or_workspace_is_another_usage(ledger: Ledger) -> None:
    ledger.handle(workspace("zeta"), member("erin", workspace_id="zeta"))
    ledger.handle(usage("u1", 100))
    ledger.handle(usage("u1", 100), source="/products/other")
    ledger.handle(usage("u1", 100, workspace_id="zeta"))
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_800)]
    assert ledger.lots("zeta", "erin") == [("quota", 10_000, 9_900)]


@pytest.mark.rule("C5")
@pytest.mark.case(10)
def test_a_viewer_may_use_nothing_and_keeps_what_he_has(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "vera"))
    [refused] = ledger.handle(usage("u1", 10, user_id="vera")).of(UsageRefused)
    assert (refused.reason, refused.available) == (Reason.CANNOT_EDIT, 0)
    assert ledger.lots("acme", "vera") == [("top_up", 3_000, 3_000)]


@pytest.mark.rule("C4", "C6")
def test_on_free_everybody_burns_the_pool_and_nobody_his_bought_credits(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin"), workspace(plan="free", version=2))
    answers = ledger.handle(
        usage("u1", 200), usage("u2", 100, user_id="evan"), usage("u3", 1), usage("u4", 1, user_id="evan")
    )
    assert [lot.kind for burned in answers.of(CreditsBurned) for lot in burned.lots] == ["quota"]
    assert {burned.user_id for burned in answers.of(CreditsBurned)} == {"~pool"}
    assert [refused.reason for refused in answers.of(UsageRefused)] == [
        Reason.CREDITS_PAUSED,  # erin's own would cover it, were they not paused
        Reason.INSUFFICIENT_CREDITS,
    ]
    assert ledger.lots("acme", "~pool") == [("quota", 300, 0)]
    assert ledger.lots("acme", "erin") == [("top_up", 3_000, 3_000)]


@pytest.mark.rule("C4")
def test_past_due_pauses_bought_credits_and_leaves_the_quota(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin"), workspace(status="past_due", version=2))
    answers = ledger.handle(usage("u1", 10_000), usage("u2", 1))
    assert [refused.reason for refused in answers.of(UsageRefused)] == [Reason.CREDITS_PAUSED]
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("top_up", 3_000, 3_000)]


@pytest.mark.rule("C17")
def test_an_action_is_priced_by_the_catalog_in_force_when_it_occurred_and_the_price_is_kept(ledger: Ledger) -> None:
    ledger.handle(catalog(2, datetime(2026, 3, 1, tzinfo=UTC)))
    ledger.handle(
        usage("u1", action="chat", quantity=101, occurred_at=datetime(2026, 2, 28, tzinfo=UTC)),
        usage("u2", action="chat", quantity=101, occurred_at=datetime(2026, 3, 1, tzinfo=UTC)),
        usage("u3", action="chat", quantity=1, occurred_at=datetime(1999, 3, 1, tzinfo=UTC)),
    )
    assert ledger.rows("SELECT usage_id, credits, catalog_version FROM usages ORDER BY usage_id") == [
        ("u1", 4, 1),
        ("u2", 8, 2),
        ("u3", 2, 1),
    ]


@pytest.mark.rule("C17")
def test_an_action_without_a_price_and_one_beyond_all_measure_are_refused(ledger: Ledger) -> None:
    answers = ledger.handle(
        usage("u1", action="paint", quantity=1),
        usage("u2", action="chat", quantity=1_000_000_000, occurred_at=ledger.at),
    )
    assert [refused.reason for refused in answers.of(UsageRefused)] == [
        Reason.UNKNOWN_ACTION,
        Reason.INSUFFICIENT_CREDITS,
    ]
    ledger.handle(catalog(90_000_000, ledger.at))
    answers = ledger.handle(usage("u3", action="chat", quantity=1_000_000_000, occurred_at=ledger.at))
    assert [refused.reason for refused in answers.of(UsageRefused)] == [Reason.AMOUNT_TOO_LARGE]


def test_an_unknown_workspace_or_member_waits_for_the_directory_and_is_refused_when_the_time_is_over(
    ledger: Ledger,
) -> None:
    stray = usage("u1", 5, workspace_id="nowhere")
    stranger = usage("u2", 5, user_id="nobody")
    waiting = ledger.handle(stray, stranger)
    assert [park.waiting_for for park in waiting.parked] == ["workspace nowhere", "member acme/nobody"]
    assert ledger.rows("SELECT * FROM usages") == []
    ledger.may_wait = False
    answers = ledger.handle(stray, stranger)
    assert [refused.reason for refused in answers.of(UsageRefused)] == [Reason.UNKNOWN_WORKSPACE, Reason.UNKNOWN_MEMBER]


def test_usage_waits_for_the_first_catalog(empty_ledger: Ledger) -> None:
    empty_ledger.handle(workspace(), member())
    assert [park.waiting_for for park in empty_ledger.handle(usage("u1", 5)).parked] == ["a catalog"]
    empty_ledger.may_wait = False
    assert [refused.reason for refused in empty_ledger.handle(usage("u1", 5)).of(UsageRefused)] == [Reason.NO_CATALOG]


@pytest.mark.rule("C3")
@pytest.mark.case(10)
def test_bought_credits_are_used_by_their_owner_in_their_workspace_only(ledger: Ledger) -> None:
    ledger.handle(workspace("zeta", "pro"), member("erin", workspace_id="zeta"), paid("p1", "erin"))
    answers = ledger.handle(usage("u1", 10_500, user_id="evan"), usage("u2", 3_500, workspace_id="zeta"))
    assert [refused.short_by for refused in answers.of(UsageRefused)] == [500, 500]
    assert ledger.lots("acme", "erin") == [("top_up", 3_000, 3_000)]
