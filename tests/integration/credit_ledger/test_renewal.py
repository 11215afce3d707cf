"""Quota periods on real tables: opened on first need or by the timer, lapsed once; what was bought stays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsGranted, QuotaLapsed
from tests.integration.credit_ledger.ledger import NOON, Ledger, bad_checks, catalog, member, paid, usage, workspace
from tests.stack.database import Database

NEXT = datetime(2026, 4, 5, tzinfo=UTC)
AFTER_THE_HOUR = NEXT + timedelta(hours=1, milliseconds=1)


def timers(ledger: Ledger) -> dict[str, datetime]:
    return dict(ledger.rows("SELECT ref, due_at FROM timers WHERE kind = 'quota-renewal'"))


@pytest.mark.rule("C7", "C2", "C16")
def test_at_the_cycle_date_a_new_quota_opens_an_hour_later_the_rest_lapses_and_what_was_bought_stays(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(paid("p1", "erin"), usage("u1", 100))
    assert timers(ledger)["acme/erin"] == NEXT
    ledger.at = NEXT
    answers = ledger.renew("acme/erin")
    assert [(granted.kind, granted.credits, granted.period_start) for granted in answers.of(CreditsGranted)] == [
        ("quota", 10_000, NEXT)
    ]
    assert answers.of(QuotaLapsed) == []
    assert ledger.lots("acme", "erin") == [
        ("quota", 10_000, 9_900),
        ("quota", 10_000, 10_000),
        ("top_up", 3_000, 3_000),
    ]
    ledger.at = timers(ledger)["acme/erin"]
    assert ledger.at == AFTER_THE_HOUR
    answers = ledger.renew("acme/erin")
    assert [lapsed.credits for lapsed in answers.of(QuotaLapsed)] == [9_900]
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("quota", 10_000, 10_000), ("top_up", 3_000, 3_000)]
    assert timers(ledger)["acme/erin"] == datetime(2026, 5, 5, tzinfo=UTC)
    assert bad_checks(database) == []


@pytest.mark.rule("C7")
def test_need_and_timer_open_the_same_lot_whichever_comes_first(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 100), usage("v1", 100, user_id="evan"))
    ledger.at = NEXT - timedelta(microseconds=1)
    ledger.handle(usage("u2", 100))
    ledger.at = NEXT
    by_need = ledger.handle(usage("u3", 1, occurred_at=NEXT)).of(CreditsGranted)
    assert ledger.renew("acme/erin").effects == []
    by_timer = ledger.renew("acme/evan").of(CreditsGranted)
    assert ledger.handle(usage("v2", 1, user_id="evan", occurred_at=NEXT)).of(CreditsGranted) == []
    assert [(each.credits, each.period_start) for each in by_need] == [
        (each.credits, each.period_start) for each in by_timer
    ]
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_800), ("quota", 10_000, 9_999)]
    assert ledger.lots("acme", "evan") == [("quota", 10_000, 9_900), ("quota", 10_000, 9_999)]


@pytest.mark.rule("C6")
def test_a_free_workspace_pools_600_in_its_first_period_and_300_afterwards(empty_ledger: Ledger) -> None:
    empty_ledger.handle(catalog(), workspace(plan="free", anchor=date(2026, 3, 1)), member())
    empty_ledger.handle(usage("u1", 500))
    empty_ledger.at = datetime(2026, 4, 1, tzinfo=UTC)
    empty_ledger.renew("acme/~pool")
    assert empty_ledger.lots("acme", "~pool") == [("quota", 600, 100), ("quota", 300, 300)]
    empty_ledger.handle(workspace(plan="free", anchor=date(2026, 4, 2), version=2))
    empty_ledger.at = datetime(2026, 4, 2, tzinfo=UTC)
    empty_ledger.renew("acme/~pool")
    assert empty_ledger.lots("acme", "~pool")[-1] == ("quota", 300, 300)


@pytest.mark.rule("C6")
@pytest.mark.parametrize(
    ("plan", "role", "credits"),
    [
        ("pro", "owner", 3_000),
        ("pro", "editor", 3_000),
        ("pro", "guest_editor", 600),
        ("business", "admin", 10_000),
        ("business", "guest_editor", 2_000),
    ],
)
def test_a_seat_has_its_quota(empty_ledger: Ledger, plan: str, role: str, credits: int) -> None:
    empty_ledger.handle(
        catalog(), workspace().model_copy(update={"plan": plan}), member().model_copy(update={"role": role})
    )
    assert [granted.credits for granted in empty_ledger.renew("acme/erin").of(CreditsGranted)] == [credits]


@pytest.mark.rule("C6")
def test_the_amount_is_of_the_catalog_in_force_when_the_period_starts(ledger: Ledger) -> None:
    ledger.handle(catalog(2, datetime(2026, 3, 6, tzinfo=UTC), business_editor=5_000))
    assert [each.credits for each in ledger.renew("acme/erin").of(CreditsGranted)] == [10_000]
    ledger.at = NEXT
    assert [each.credits for each in ledger.renew("acme/erin").of(CreditsGranted)] == [5_000]


@pytest.mark.rule("C8")
@pytest.mark.case(22)
def test_toggling_role_or_plan_inside_a_period_never_resets_what_was_used(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 4_000))
    ledger.handle(member("erin", "viewer", 2), member("erin", "editor", 3))
    ledger.handle(workspace(plan="free", version=2), workspace(version=3))
    ledger.renew("acme/erin", "acme/~pool")
    ledger.handle(usage("u2", 1))
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 5_999)]


@pytest.mark.rule("C7")
def test_an_anchor_moved_to_and_fro_gives_no_quota_twice(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 4_000))
    ledger.handle(workspace(version=2, anchor=date(2026, 1, 9)), usage("u2", 1))
    ledger.handle(workspace(version=3), usage("u3", 1), workspace(version=4, anchor=date(2026, 1, 9)), usage("u4", 1))
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 0), ("quota", 10_000, 9_997)]


@pytest.mark.rule("C7")
def test_what_was_decided_late_uses_the_latest_period_begun(ledger: Ledger) -> None:
    ledger.at = NEXT
    ledger.handle(usage("u1", 1))
    ledger.at = NOON
    ledger.handle(usage("late", 1))
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_998)]


@pytest.mark.rule("C7")
def test_quota_whose_seat_is_lost_lapses_at_its_end_and_nothing_follows(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 1), paid("p1", "erin"), member("erin", "viewer", 2))
    ledger.at = NEXT
    assert ledger.renew("acme/erin").effects == []
    ledger.at = timers(ledger)["acme/erin"]
    assert ledger.at == AFTER_THE_HOUR
    answers = ledger.renew("acme/erin")
    assert [lapsed.credits for lapsed in answers.of(QuotaLapsed)] == [9_999]
    [balance] = answers.of(BalanceChanged)
    assert (balance.quota_remaining, balance.top_up_remaining, balance.quota_ends_at) == (0, 3_000, None)


def test_a_new_seat_has_its_timer_at_once_so_that_its_balance_is_told_before_it_is_used(empty_ledger: Ledger) -> None:
    empty_ledger.handle(member(), member("vera", "viewer"), workspace())
    assert timers(empty_ledger) == {"acme/erin": NOON}
    empty_ledger.handle(workspace(version=2).model_copy(update={"name": "Other"}), member("erin", "owner", 2))
    assert empty_ledger.renew("acme/erin").effects == []  # no catalog yet: it looks again soon
    assert timers(empty_ledger)["acme/erin"] > NOON
    empty_ledger.handle(catalog())
    assert [balance.usable for balance in empty_ledger.renew("acme/erin").of(BalanceChanged)] == [10_000]


def test_a_quota_of_nothing_is_no_lot(empty_ledger: Ledger) -> None:
    empty_ledger.handle(catalog(business_editor=0), workspace(), member())
    answers = empty_ledger.renew("acme/erin")
    assert [balance.usable for balance in answers.of(BalanceChanged)] == [0]
    assert empty_ledger.lots("acme", "erin") == []
