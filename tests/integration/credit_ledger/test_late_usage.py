"""Usage near a period's end on real tables: paid by the period it belongs to, whether or not the timer has rung."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shared.contracts.credit_ledger import BalanceChanged, QuotaLapsed, UsageRefused
from tests.integration.credit_ledger.ledger import NOON, Ledger, bad_checks, paid, usage
from tests.stack.database import Database

END = datetime(2026, 4, 5, tzinfo=UTC)
BEFORE = END - timedelta(minutes=1)
HOUR = timedelta(hours=1)
TICK = timedelta(milliseconds=1)


@pytest.fixture
def used(ledger: Ledger) -> Ledger:
    """Erin has used 100 of March's quota."""
    ledger.handle(usage("u0", 100))
    return ledger


def rung(ledger: Ledger, at: datetime) -> None:
    """The timer rings at an instant; the log goes on from where it was."""
    before, ledger.at = ledger.at, at
    ledger.renew("acme/erin")
    ledger.at = before


@pytest.mark.rule("C16", "C7")
@pytest.mark.parametrize("rings_first", [False, True])
def test_usage_appended_before_the_end_burns_the_old_quota_though_the_timer_rang_before_it_was_handled(
    used: Ledger, database: Database, rings_first: bool
) -> None:
    used.at = BEFORE
    if rings_first:
        rung(used, END + timedelta(minutes=10))
    used.handle(usage("u1", 50, occurred_at=BEFORE))
    assert used.lots("acme", "erin")[0] == ("quota", 10_000, 9_850)
    rung(used, END + timedelta(minutes=20))
    assert used.lots("acme", "erin")[1] == ("quota", 10_000, 10_000)
    assert bad_checks(database) == []


@pytest.mark.rule("C16", "C10")
@pytest.mark.parametrize("rings_first", [False, True])
def test_what_the_old_quota_cannot_cover_is_never_taken_from_one_that_had_not_begun(
    used: Ledger, rings_first: bool
) -> None:
    used.handle(paid("p1", "erin"), usage("all", 9_900))
    used.at = BEFORE
    if rings_first:
        rung(used, END)
    [refused] = used.handle(usage("u1", 5_000, occurred_at=BEFORE), usage("u2", 10, occurred_at=BEFORE)).of(
        UsageRefused
    )
    assert (refused.usage_id, refused.available) == ("u1", 3_000)
    assert used.lots("acme", "erin")[0] == ("quota", 10_000, 0)
    assert used.lots("acme", "erin")[-1] == ("top_up", 3_000, 2_990)


@pytest.mark.rule("C16")
@pytest.mark.parametrize(
    ("appended_at", "occurred_at", "left"),
    [
        (END, BEFORE, (9_850, 10_000)),
        (END + HOUR, BEFORE, (9_850, 10_000)),
        (END + HOUR + TICK, BEFORE, (0, 9_950)),  # too late: the present order of C1
        (END + HOUR, END - TICK, (9_850, 10_000)),
        (END, END, (9_900, 9_950)),  # nothing but what occurred in it
        (END + HOUR, datetime(2026, 3, 4, tzinfo=UTC), (9_900, 9_950)),
    ],
)
@pytest.mark.parametrize("rings_first", [False, True])
def test_for_an_hour_the_old_quota_takes_what_occurred_in_it_and_nothing_else(
    used: Ledger, appended_at: datetime, occurred_at: datetime, left: tuple[int, int], rings_first: bool
) -> None:
    if rings_first:
        rung(used, END)
    used.at = appended_at
    used.handle(usage("u1", 50, occurred_at=occurred_at))
    assert tuple(remaining for _, _, remaining in used.lots("acme", "erin")) == left


@pytest.mark.rule("C16", "C1")
def test_late_usage_burns_the_old_quota_first_then_the_present_one_then_what_was_bought(used: Ledger) -> None:
    used.handle(paid("p1", "erin"))
    used.at = END + HOUR
    used.handle(usage("u1", 20_000, occurred_at=BEFORE))
    assert used.lots("acme", "erin") == [("quota", 10_000, 0), ("quota", 10_000, 0), ("top_up", 3_000, 2_900)]


@pytest.mark.rule("C16", "C7")
def test_the_balance_shows_the_present_periods_quota_only(used: Ledger) -> None:
    used.at = END
    [balance] = used.renew("acme/erin").of(BalanceChanged)
    assert (balance.quota_remaining, balance.usable, len(balance.lots)) == (10_000, 10_000, 1)
    used.at = END + HOUR
    [balance] = used.handle(usage("u1", 50, occurred_at=BEFORE)).of(BalanceChanged)
    assert (balance.quota_remaining, balance.usable, balance.quota_ends_at) == (
        10_000,
        10_000,
        datetime(2026, 5, 5, tzinfo=UTC),
    )


@pytest.mark.rule("C16")
def test_the_hour_ends_by_need_or_by_the_timer_and_the_rest_lapses_once(used: Ledger) -> None:
    rung(used, END)
    used.at = END + HOUR + TICK
    answers = used.handle(usage("u1", 50, occurred_at=BEFORE))
    assert [lapsed.credits for lapsed in answers.of(QuotaLapsed)] == [9_900]
    assert used.renew("acme/erin").effects == []
    used.at = NOON
    used.handle(usage("u2", 1))  # a backlog older than the hour is paid by the latest period
    assert used.lots("acme", "erin") == [("quota", 10_000, 0), ("quota", 10_000, 9_949)]
