"""Caps, the budget of a method and the pace of asking, as functions of what was before (B13, A2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.billing.domain.spending import SPENDING_RULES, Caps, Spending, Spent, day_of, too_many_requests
from services.billing.domain.verdict import Refusal, first_objection
from shared.contracts.reasons import Reason
from tests.unit.billing.builders import NOW

CHARGE = Spending(amount_minor=3_000, currency="usd", at=NOW, caps=Caps(), spent=Spent())
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)


def refusal(**changes: Any) -> Refusal | None:
    objection = first_objection(SPENDING_RULES, replace(CHARGE, **changes))
    assert objection is None or isinstance(objection, Refusal)
    return objection


@pytest.mark.rule("B13")
def test_without_caps_and_declines_nothing_stands_against_a_charge() -> None:
    assert refusal(spent=Spent(10**12, 10**12)) is None


@pytest.mark.rule("B13")
@pytest.mark.parametrize(("spent_minor", "fits"), [(0, True), (7_000, True), (7_001, False)])
def test_a_cap_may_be_reached_and_not_passed(spent_minor: int, fits: bool) -> None:
    by_all = refusal(caps=Caps(workspace_day_minor=10_000), spent=Spent(spent_minor, 0))
    by_one = refusal(caps=Caps(buyer_day_minor=10_000), spent=Spent(0, spent_minor))
    assert ((by_all is None), (by_one is None)) == (fits, fits)
    if by_all and by_one:
        assert (by_all.reason, by_one.reason) == (Reason.WORKSPACE_CAP_REACHED, Reason.BUYER_CAP_REACHED)
        assert by_all.try_again_at == by_one.try_again_at == MIDNIGHT
        assert "70.01 of 100.00 USD are spent today; this would be 30.00 more." in by_all.detail


@pytest.mark.rule("B13")
def test_what_no_day_allows_is_not_to_be_tried_again() -> None:
    too_much = refusal(caps=Caps(workspace_day_minor=2_999))
    assert too_much is not None
    assert too_much.try_again_at is None


@pytest.mark.rule("B13")
def test_a_method_declined_fifteen_times_rests_until_the_first_of_them_is_30_days_old() -> None:
    declined_at = [NOW - timedelta(days=day) for day in range(15)]
    assert refusal(declined_at=declined_at[:14]) is None
    exhausted = refusal(declined_at=declined_at)
    assert exhausted is not None
    assert exhausted.reason is Reason.PAYMENT_METHOD_EXHAUSTED
    assert exhausted.try_again_at == NOW + timedelta(days=16)


@pytest.mark.rule("A2")
def test_a_person_asks_five_times_an_hour() -> None:
    asked_at = [NOW - timedelta(minutes=10 * number) for number in range(5)]
    assert too_many_requests(asked_at[:4]) is None
    refused = too_many_requests(asked_at)
    assert refused is not None
    assert refused.reason is Reason.TOO_MANY_REQUESTS
    assert refused.try_again_at == NOW + timedelta(minutes=20)


def test_a_day_begins_in_utc_wherever_the_instant_is_written() -> None:
    assert day_of(datetime.fromisoformat("2026-03-02T00:30:00+02:00")) == datetime(2026, 3, 1, tzinfo=UTC)
