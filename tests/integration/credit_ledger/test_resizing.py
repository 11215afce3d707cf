"""A plan or seat that changes inside a period, on real tables: left is the new quota less what was used (C8)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsGranted, QuotaLapsed, UsageRefused
from shared.contracts.holds import HoldRefused
from shared.contracts.workspace import Plan, Role
from tests.integration.credit_ledger.ledger import (
    NOON,
    Ledger,
    bad_checks,
    capture,
    catalog,
    hold,
    member,
    paid,
    release,
    reversal,
    usage,
    workspace,
)
from tests.stack.database import Database

NEXT = datetime(2026, 4, 5, tzinfo=UTC)


def balance(ledger: Ledger, user_id: str = "erin") -> BalanceChanged:
    """The account's balance as it is told once the timer, which is due at once, has rung."""
    told = ledger.renew(f"acme/{user_id}").of(BalanceChanged)
    return told[-1]


@pytest.mark.rule("C8")
@pytest.mark.parametrize(
    ("before", "used", "after", "left", "grown"),
    [
        (("pro", "editor"), 1_000, ("business", "editor"), 9_000, [7_000]),
        (("pro", "editor"), 3_000, ("business", "editor"), 7_000, [7_000]),  # used up: the lot is read all the same
        (("business", "editor"), 1_000, ("pro", "editor"), 2_000, []),
        (("business", "editor"), 4_000, ("pro", "editor"), 0, []),
        (("business", "guest_editor"), 500, ("business", "admin"), 9_500, [8_000]),
        (("pro", "owner"), 700, ("pro", "guest_editor"), 0, []),
    ],
)
def test_a_quota_is_resized_and_what_was_used_stays_used(
    empty_ledger: Ledger,
    database: Database,
    before: tuple[Plan, Role],
    used: int,
    after: tuple[Plan, Role],
    left: int,
    grown: list[int],
) -> None:
    empty_ledger.handle(catalog(), workspace(plan=before[0]), member(role=before[1]), usage("u1", used))
    empty_ledger.handle(workspace(plan=after[0], version=2), member(role=after[1], version=2))
    assert empty_ledger.rows("SELECT due_at FROM timers WHERE ref = 'acme/erin'") == [(NOON,)]
    answers = empty_ledger.renew("acme/erin")
    [told] = answers.of(BalanceChanged)
    assert (told.quota_remaining, told.usable) == (left, left)
    assert [each.credits for each in answers.of(CreditsGranted)] == grown
    [lot] = told.lots or [None]
    assert lot is None or lot.remaining == left
    assert empty_ledger.rows("SELECT due_at FROM timers WHERE ref = 'acme/erin'") == [(NEXT,)]
    assert empty_ledger.renew("acme/erin").effects == []
    assert bad_checks(database) == []


@pytest.mark.rule("C8", "C10")
def test_a_usage_finds_the_new_quota_whether_or_not_the_timer_has_rung(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 2_500), workspace(plan="pro", version=2))
    [refused] = ledger.handle(usage("u2", 501)).of(UsageRefused)
    assert (refused.available, refused.short_by) == (500, 1)
    assert ledger.handle(usage("u3", 500)).of(UsageRefused) == []
    ledger.handle(workspace(version=3))
    [told] = ledger.handle(usage("u4", 7_000)).of(BalanceChanged)
    assert told.usable == 0


@pytest.mark.rule("C8", "C7")
@pytest.mark.case(22)
def test_toggling_the_plan_gives_nothing_twice_and_loses_nothing(ledger: Ledger, database: Database) -> None:
    ledger.handle(usage("u1", 100))
    version = 2
    for plan in ("pro", "business", "free", "pro", "free", "business"):
        ledger.handle(workspace(plan=plan, version=version))
        ledger.renew("acme/erin", "acme/evan", "acme/~pool")
        version += 1
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_900)]
    assert ledger.lots("acme", "~pool") == [("quota", 300, 300)]
    assert ledger.rows("SELECT sum(grown)::int FROM quota_resizes WHERE user_id = 'erin'") == [(0,)]
    assert bad_checks(database) == []


@pytest.mark.rule("C8", "C6", "C3")
def test_free_and_paid_each_have_their_own_quota_and_the_other_is_closed_meanwhile(ledger: Ledger) -> None:
    ledger.handle(paid("p1", "erin"), usage("u1", 4_000), workspace(plan="free", version=2))
    assert {ref for (ref,) in ledger.rows("SELECT ref FROM timers WHERE due_at = %s", NOON)} >= {"acme/erin"}
    closed = balance(ledger)
    assert (closed.quota_remaining, closed.top_up_remaining, closed.usable) == (0, 3_000, 0)
    assert [(lot.remaining, lot.withheld) for lot in closed.lots if lot.kind == "quota"] == [(0, 6_000)]
    assert balance(ledger, "~pool").usable == 300
    ledger.handle(usage("u2", 120), workspace(plan="pro", version=3))
    assert balance(ledger, "~pool").quota_remaining == 0
    assert balance(ledger).usable == 3_000  # pro gives 3,000, 4,000 were used: only what was bought is left
    ledger.handle(workspace(plan="free", version=4))
    assert balance(ledger, "~pool").usable == 180


@pytest.mark.rule("C8", "C9")
def test_a_hold_of_before_a_downgrade_counts_as_used_until_it_is_released(ledger: Ledger, database: Database) -> None:
    ledger.handle(hold("h1", 2_000), hold("h2", 2_000), workspace(plan="pro", version=2))
    assert balance(ledger).usable == 0
    [refused] = ledger.handle(hold("h3", 1)).of(HoldRefused)
    assert refused.available == 0
    assert ledger.handle(release("h1")).of(BalanceChanged)[-1].usable == 1_000
    assert ledger.handle(capture("h2", 500)).of(BalanceChanged)[-1].usable == 2_500
    assert bad_checks(database) == []


@pytest.mark.rule("C8", "C12")
def test_what_is_taken_back_after_a_downgrade_gives_no_more_than_the_quota(ledger: Ledger, database: Database) -> None:
    ledger.handle(usage("u1", 9_000), usage("u2", 500), workspace(plan="pro", version=2))
    ledger.renew("acme/erin")
    assert ledger.handle(reversal("u2")).of(BalanceChanged)[-1].usable == 0
    assert ledger.handle(reversal("u1")).of(BalanceChanged)[-1].usable == 3_000
    assert bad_checks(database) == []


@pytest.mark.rule("C8", "C16")
def test_what_is_withheld_lapses_with_the_rest_and_the_next_period_gives_the_new_quota(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(usage("u1", 100), workspace(plan="pro", version=2))
    ledger.renew("acme/erin")
    ledger.at = NEXT
    assert balance(ledger).usable == 3_000
    # Of the pro quota 2,900 are left to late usage of the period before, and nothing of what business had given.
    late = ledger.handle(usage("late", 2_900, occurred_at=NOON), usage("more", 3_001, occurred_at=NOON))
    assert [refused.available for refused in late.of(UsageRefused)] == [3_000]
    ledger.at = NEXT + timedelta(hours=1, milliseconds=1)
    assert [lapsed.credits for lapsed in ledger.renew("acme/erin").of(QuotaLapsed)] == [7_000]
    assert bad_checks(database) == []


@pytest.mark.rule("C8", "C5")
def test_a_seat_that_is_lost_and_found_again_has_what_it_left(ledger: Ledger) -> None:
    ledger.handle(usage("u1", 100), member("erin", "viewer", 2))
    ledger.handle(member("erin", "guest_editor", 3))
    assert balance(ledger).usable == 1_900
    assert ledger.lots("acme", "erin") == [("quota", 10_000, 9_900)]


@pytest.mark.rule("C8", "C6")
def test_a_catalog_published_late_that_lowers_a_quota_below_what_was_used_leaves_nothing_and_never_less(
    ledger: Ledger, database: Database
) -> None:
    ledger.handle(usage("u1", 5_000), catalog(2, datetime(2026, 3, 4, tzinfo=UTC), business_editor=4_000))
    [refused] = ledger.handle(usage("u2", 1)).of(UsageRefused)
    assert refused.available == 0
    ledger.handle(catalog(3, datetime(2026, 3, 4, tzinfo=UTC), business_editor=0))
    [refused] = ledger.handle(usage("u3", 1, "evan")).of(UsageRefused)
    assert refused.available == 0
    assert bad_checks(database) == []


@pytest.mark.rule("C8", "C6")
def test_a_seat_that_had_no_quota_gets_one_inside_the_period(empty_ledger: Ledger) -> None:
    empty_ledger.handle(catalog(pro_editor=0), workspace(plan="pro", anchor=date(2026, 1, 5)), member())
    assert empty_ledger.renew("acme/erin").of(CreditsGranted) == []
    empty_ledger.handle(workspace(version=2))
    assert [each.credits for each in empty_ledger.renew("acme/erin").of(CreditsGranted)] == [10_000]
    assert empty_ledger.lots("acme", "erin") == [("quota", 10_000, 10_000)]
