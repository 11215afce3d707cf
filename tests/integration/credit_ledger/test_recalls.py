"""Refunds and disputes on real tables: frozen, taken back, given back; what was spent becomes debt (B11, B12, C13)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.contracts.credit_ledger import BalanceChanged, CreditsGranted, PurchaseCredited, UsageRefused
from shared.contracts.reasons import Reason
from shared.contracts.recalls import (
    FreezeRefused,
    LotsAppraised,
    LotStanding,
    PurchaseFrozen,
    PurchaseGivenBack,
    PurchaseTakenBack,
)
from tests.integration.credit_ledger.ledger import (
    NOON,
    Answers,
    Ledger,
    appraisal,
    bad_checks,
    capture,
    hold,
    paid,
    recall,
    release,
    reversal,
    usage,
    verdict,
)
from tests.stack.database import Database

QUOTA = 10_000


def standing(answered: tuple[LotStanding, ...]) -> list[tuple[str, int, int, int, int]]:
    return [(each.user_id, each.unspent, each.held, each.spent, each.taken) for each in answered]


def balance(answers: Answers, user_id: str = "erin") -> BalanceChanged:
    return next(each for each in reversed(answers.of(BalanceChanged)) if each.user_id == user_id)


def debt(ledger: Ledger, user_id: str = "erin") -> int:
    [(owed,)] = ledger.rows("SELECT debt FROM accounts WHERE user_id = %s", user_id)
    return int(owed)


def bought(ledger: Ledger, user_id: str = "erin") -> list[int]:
    return [left for kind, _, left in ledger.lots("acme", user_id) if kind == "top_up"]


@pytest.fixture
def used(ledger: Ledger) -> Ledger:
    """Of erin's 3,000 bought credits 700 are spent and 200 held; evan's are untouched. Both quotas are gone."""
    ledger.handle(usage("quota", QUOTA), usage("quota-evan", QUOTA, "evan"), paid("p1", "erin", "evan"))
    ledger.handle(usage("u1", 700), hold("h1", 200))
    return ledger


@pytest.mark.rule("B11")
def test_lines_are_appraised_as_they_stand_and_nothing_is_frozen_by_asking(used: Ledger) -> None:
    answers = used.handle(appraisal("p1", "erin", "evan"))
    [appraised] = answers.of(LotsAppraised)
    assert standing(appraised.lots) == [("erin", 2_100, 200, 700, 0), ("evan", 3_000, 0, 0, 0)]
    assert answers.of(BalanceChanged) == []
    assert used.handle(usage("u2", 2_100)).of(UsageRefused) == []


@pytest.mark.rule("B11", "B12")
def test_what_is_frozen_is_in_its_lot_and_nobody_can_use_it(used: Ledger, database: Database) -> None:
    answers = used.handle(recall("r1", "p1", "erin", "evan"))
    [frozen] = answers.of(PurchaseFrozen)
    assert standing(frozen.lots) == [("erin", 2_100, 200, 700, 0), ("evan", 3_000, 0, 0, 0)]
    told = balance(answers)
    assert (told.usable, told.top_up_remaining, told.frozen, told.held, told.debt) == (0, 0, 2_100, 200, 0)
    assert [(lot.remaining, lot.frozen) for lot in told.lots] == [(2_100, True)]
    [refused] = used.handle(usage("u2", 1)).of(UsageRefused)
    assert refused.available == 0
    assert bought(used) == [2_100]
    assert bad_checks(database) == []


@pytest.mark.rule("B11", "C13")
def test_taken_back_is_what_is_unspent_and_the_rest_becomes_debt(used: Ledger, database: Database) -> None:
    answers = used.handle(recall("r1", "p1", "erin", "evan"), verdict("r1", "p1", "erin", "evan", verdict="take_back"))
    [taken] = answers.of(PurchaseTakenBack)
    assert [(lot.user_id, lot.taken, lot.debt) for lot in taken.lots] == [("erin", 2_100, 900), ("evan", 3_000, 0)]
    told = balance(answers)
    assert (told.usable, told.frozen, told.debt, told.lots) == (0, 0, 900, ())
    assert bought(used) == bought(used, "evan") == [0]
    assert debt(used) == 900
    assert bad_checks(database) == []


@pytest.mark.rule("B11", "C9", "C12")
def test_what_returns_to_a_lot_that_was_taken_back_settles_its_debt(used: Ledger, database: Database) -> None:
    used.handle(recall("r1", "p1", "erin"), verdict("r1", "p1", "erin", verdict="take_back"), release("h1"))
    assert (debt(used), bought(used)) == (700, [0])
    told = balance(used.handle(reversal("u1")))
    assert (told.debt, told.usable) == (0, 0)
    assert bad_checks(database) == []


@pytest.mark.rule("B11", "C13")
def test_debt_is_settled_first_by_the_next_top_up_and_never_by_quota(used: Ledger, database: Database) -> None:
    used.handle(recall("r1", "p1", "erin"), verdict("r1", "p1", "erin", verdict="take_back"))
    answers = used.handle(paid("p2", "erin", credits=600))
    [credited], [granted] = answers.of(PurchaseCredited), answers.of(CreditsGranted)
    assert [line.debt_settled for line in credited.lines] == [granted.debt_settled] == [600]
    assert (balance(answers).usable, debt(used)) == (0, 300)
    used.at = NOON + timedelta(days=40)
    told = balance(used.handle(usage("later", 1)))
    assert (told.quota_remaining, debt(used)) == (QUOTA - 1, 0 + 100)  # the hold has ended by itself and paid 200
    again = used.handle(paid("p2", "erin", credits=600), paid("p3", "erin"))
    assert [line.debt_settled for each in again.of(PurchaseCredited) for line in each.lines] == [600, 100]
    assert (debt(used), bought(used)) == (0, [0, 0, 2_900])
    assert bad_checks(database) == []


@pytest.mark.rule("B11", "B12")
@pytest.mark.parametrize("settled_by", ["nothing", "a later purchase", "what returned"])
def test_given_back_is_the_exact_inverse_whatever_has_paid_the_debt_meanwhile(
    used: Ledger, database: Database, settled_by: str
) -> None:
    used.handle(recall("d1", "p1", "erin", cause="dispute"))
    used.handle(verdict("d1", "p1", "erin", verdict="take_back"))
    used.at += timedelta(minutes=1)
    if settled_by == "a later purchase":
        used.handle(paid("p2", "erin", credits=800))
    if settled_by == "what returned":
        used.handle(reversal("u1"))
    before = debt(used)
    answers = used.handle(verdict("d1", "p1", "erin", verdict="give_back", step=2))
    [given] = answers.of(PurchaseGivenBack)
    assert [lot.given + lot.debt_ended for lot in given.lots] == [3_000]
    assert [lot.debt_ended for lot in given.lots] == [before]
    assert debt(used) == 0
    expected = {"nothing": [2_100], "a later purchase": [2_100, 800], "what returned": [2_800]}
    assert bought(used) == expected[settled_by]
    used.handle(capture("h1", 50), reversal("u1"))
    assert bought(used)[0] == 2_950
    assert bad_checks(database) == []


@pytest.mark.rule("B11")
def test_a_failed_refund_gives_back_exactly(used: Ledger, database: Database) -> None:
    answers = used.handle(recall("r1", "p1", "erin"), verdict("r1", "p1", "erin", verdict="give_back"))
    [given] = answers.of(PurchaseGivenBack)
    assert [(lot.given, lot.debt_ended) for lot in given.lots] == [(0, 0)]
    assert (balance(answers).usable, balance(answers).frozen) == (2_100, 0)
    assert bad_checks(database) == []


@pytest.mark.rule("B11")
@pytest.mark.parametrize("touch", ["usage", "hold"])
def test_lines_that_were_touched_are_not_frozen_for_their_owner_and_none_of_them_is(
    ledger: Ledger, database: Database, touch: str
) -> None:
    ledger.handle(usage("quota", QUOTA), paid("p1", "erin", "evan"))
    ledger.handle(usage("u1", 1) if touch == "usage" else hold("h1", 1))
    answers = ledger.handle(recall("r1", "p1", "erin", "evan", untouched_only=True))
    [refused] = answers.of(FreezeRefused)
    assert refused.reason is Reason.LINE_TOUCHED
    assert [lot.unspent for lot in refused.lots] == [2_999, 3_000]
    ledger.handle(reversal("u1") if touch == "usage" else release("h1"))
    [again] = ledger.handle(recall("r1", "p1", "erin", "evan", untouched_only=True)).of(FreezeRefused)
    assert again == refused  # for ever
    [frozen] = ledger.handle(recall("r2", "p1", "erin", "evan", untouched_only=True)).of(PurchaseFrozen)
    assert [lot.unspent for lot in frozen.lots] == [3_000, 3_000]
    assert bad_checks(database) == []


@pytest.mark.rule("B11", "C9")
def test_a_hold_that_is_over_does_not_touch_whether_its_timer_has_rung_or_not(ledger: Ledger) -> None:
    ledger.handle(usage("quota", QUOTA), paid("p1", "erin"), hold("h1", 5, expires_in_s=60))
    ledger.at = NOON + timedelta(seconds=61)
    [frozen] = ledger.handle(recall("r1", "p1", "erin", untouched_only=True)).of(PurchaseFrozen)
    assert standing(frozen.lots) == [("erin", 3_000, 0, 0, 0)]


@pytest.mark.rule("B11", "B12", "C11")
def test_the_highest_step_counts_whatever_comes_late_or_twice(used: Ledger, database: Database) -> None:
    lost = verdict("d1", "p1", "erin", verdict="take_back", step=1)
    won = verdict("d1", "p1", "erin", verdict="give_back", step=2)
    opened = recall("d1", "p1", "erin", cause="dispute")
    first = used.handle(won, lost, opened)
    assert first.of(PurchaseTakenBack) == []
    again = used.handle(opened, won, lost, won)
    assert set(again.ids) <= set(first.ids)
    assert (bought(used), debt(used)) == ([2_100], 0)
    assert bad_checks(database) == []


@pytest.mark.rule("B11", "B12")
def test_a_line_in_two_recalls_is_frozen_while_one_is_open_and_taken_once(used: Ledger, database: Database) -> None:
    used.handle(recall("r1", "p1", "erin"), recall("d1", "p1", "erin", cause="dispute"))
    told = balance(used.handle(verdict("r1", "p1", "erin", verdict="take_back")))
    assert (told.debt, told.frozen) == (900, 0)
    answers = used.handle(verdict("d1", "p1", "erin", verdict="take_back"))
    assert [(lot.taken, lot.debt) for each in answers.of(PurchaseTakenBack) for lot in each.lots] == [(0, 0)]
    used.handle(verdict("d1", "p1", "erin", verdict="give_back", step=2))
    assert (bought(used), debt(used)) == ([0], 900)
    told = balance(used.handle(verdict("r1", "p1", "erin", verdict="give_back", step=2)))
    assert (told.usable, told.debt) == (2_100, 0)
    assert bad_checks(database) == []


@pytest.mark.rule("B11", "C9")
@pytest.mark.parametrize("rings", [True, False])
def test_a_capture_in_time_of_a_taken_back_lot_is_good_whether_the_timer_rang_or_not(
    used: Ledger, database: Database, rings: bool
) -> None:
    used.handle(recall("r1", "p1", "erin"))
    if rings:
        used.at = NOON + timedelta(seconds=901)
        used.expire("acme/h1")
        used.at = NOON
    used.handle(verdict("r1", "p1", "erin", verdict="take_back"), capture("h1", 150))
    if not rings:
        assert used.rows("SELECT state FROM holds") == [("captured",)]
    assert debt(used) == 850
    assert bad_checks(database) == []


@pytest.mark.rule("B11")
def test_a_recall_of_what_was_never_credited_is_refused(ledger: Ledger) -> None:
    [refused] = ledger.handle(recall("r1", "p1", "erin")).of(FreezeRefused)
    assert refused.reason is Reason.UNKNOWN_PURCHASE
    ledger.may_wait = False
    assert ledger.handle(verdict("r1", "p1", "erin", verdict="take_back")).effects == []
    assert ledger.handle(appraisal("p1", "erin")).effects == []
