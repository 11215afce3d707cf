"""Low and exhausted: told once per crossing, armed again when the balance recovers (C15)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.credit_ledger import BalanceLow, CreditsExhausted
from tests.integration.credit_ledger.ledger import (
    NOON,
    Ledger,
    capture,
    catalog,
    hold,
    paid,
    release,
    reversal,
    usage,
)


def told(ledger: Ledger, *messages: Any) -> list[str]:
    effects = ledger.handle(*messages)
    return [type(each).__name__ for each in [*effects.of(BalanceLow), *effects.of(CreditsExhausted)]]


@pytest.mark.rule("C15")
def test_a_balance_is_low_at_a_fifth_of_the_quota_and_told_once(ledger: Ledger) -> None:
    assert told(ledger, usage("u1", 7_999)) == []
    [low] = ledger.handle(usage("u2", 1), usage("u3", 1)).of(BalanceLow)
    assert (low.usable, low.threshold, low.quota) == (2_000, 2_000, 10_000)
    assert told(ledger, usage("u4", 500)) == []
    assert told(ledger, usage("u5", 1_498)) == []
    assert told(ledger, usage("u6", 1)) == ["CreditsExhausted"]
    assert told(ledger, usage("u7", 1)) == []


@pytest.mark.rule("C15")
def test_what_goes_from_plenty_to_nothing_is_told_as_exhausted_only(ledger: Ledger) -> None:
    assert told(ledger, usage("u1", 10_000)) == ["CreditsExhausted"]


@pytest.mark.rule("C15", "C9")
def test_holds_count_and_what_they_give_back_arms_it_again(ledger: Ledger) -> None:
    assert told(ledger, hold("h1", 9_000)) == ["BalanceLow"]
    assert told(ledger, release("h1")) == []
    assert told(ledger, hold("h2", 10_000)) == ["CreditsExhausted"]
    assert told(ledger, capture("h2", 8_500)) == []
    assert told(ledger, usage("u1", 100)) == [], "it has not been above the border since"
    assert told(ledger, usage("u2", 1_400)) == ["CreditsExhausted"]


@pytest.mark.rule("C15", "C12")
def test_a_purchase_a_reversal_and_a_new_period_arm_it_again(ledger: Ledger) -> None:
    assert told(ledger, usage("u1", 9_000)) == ["BalanceLow"]
    assert told(ledger, paid("p1", "erin"), usage("u2", 2_000)) == ["BalanceLow"]
    assert told(ledger, reversal("u1"), usage("u3", 9_000)) == ["BalanceLow"]
    ledger.at = NOON + timedelta(days=30)
    assert told(ledger, usage("u4", 11_000)) == ["BalanceLow"]


@pytest.mark.rule("C15")
def test_the_catalog_says_where_low_begins(ledger: Ledger) -> None:
    half = catalog(version=2).model_copy(update={"low_balance_percent": 50})
    assert told(ledger, half, usage("u1", 4_999)) == []
    assert told(ledger, usage("u2", 1)) == ["BalanceLow"]
