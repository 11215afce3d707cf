"""When an account is low, and what a month allows (B14)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.billing.domain.auto_top_up import (
    BACK_OFF,
    DECLINES_ALLOWED,
    AutoTopUp,
    Balance,
    cap_objection,
    price_objection,
)
from services.billing.domain.price import Price
from services.billing.domain.purchase import UNPAID_LIMIT
from shared.contracts.reasons import Reason
from tests.unit.billing.builders import NOW

AUTO = AutoTopUp(
    workspace_id="acme",
    user_id="erin",
    is_on=True,
    actor_id="adam",
    package_id="credits-3k",
    threshold_credits=1_000,
    monthly_cap_minor=4_500,
    currency="usd",
)
PRICE = Price("credits-3k", ("erin",), 1_500, 1_500, "usd", 1)


@pytest.mark.rule("B14")
@pytest.mark.parametrize(
    ("balance", "low"),
    [(None, False), (Balance(7, 999), True), (Balance(7, 1_000), False), (Balance(6, 0), False), (Balance(8, 0), True)],
)
def test_only_a_balance_that_knows_of_what_was_bought_can_be_low(balance: Balance | None, low: bool) -> None:
    assert replace(AUTO, credited_version=7).is_low(balance) is low


@pytest.mark.rule("B14")
@pytest.mark.parametrize(("spent_minor", "fits"), [(0, True), (3_000, True), (3_001, False), (4_500, False)])
def test_a_cap_may_be_reached_and_not_passed(spent_minor: int, fits: bool) -> None:
    refusal = cap_objection(AUTO, 1_500, spent_minor, NOW)
    assert (refusal is None) is fits
    if refusal:
        assert refusal.reason is Reason.MONTHLY_CAP_REACHED
        assert refusal.try_again_at == datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.rule("B14", "B5")
def test_another_currency_and_a_price_above_the_cap_are_not_what_was_agreed_to() -> None:
    assert price_objection(AUTO, PRICE) is None
    for changed in (replace(PRICE, currency="eur"), replace(PRICE, total_minor=4_501)):
        refusal = price_objection(AUTO, changed)
        assert refusal is not None
        assert refusal.reason is Reason.PRICE_CHANGED


@pytest.mark.rule("B14")
def test_all_tries_come_before_the_purchase_is_cancelled_unpaid() -> None:
    assert len(BACK_OFF) == DECLINES_ALLOWED - 1
    assert sum(BACK_OFF, timedelta()) < UNPAID_LIMIT
