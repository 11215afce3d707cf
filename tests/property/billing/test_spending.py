"""Whatever is bought and when: caps hold (B13), and months are whole (B14)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.auto_top_up import month_of
from services.billing.domain.spending import SPENDING_RULES, Caps, Spending, Spent
from services.billing.domain.verdict import first_objection

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.rule("B13")
@given(st.lists(st.tuples(st.integers(1, 5_000), st.sampled_from("ab")), max_size=40), st.integers(0, 20_000))
def test_whatever_is_tried_the_caps_hold(charges: list[tuple[int, str]], cap_minor: int) -> None:
    taken = {"a": 0, "b": 0}
    caps = Caps(workspace_day_minor=cap_minor, buyer_day_minor=cap_minor // 2)
    for amount_minor, buyer in charges:
        spent = Spent(sum(taken.values()), taken[buyer])
        charge = Spending(amount_minor=amount_minor, currency="usd", at=NOW, caps=caps, spent=spent)
        if first_objection(SPENDING_RULES, charge) is None:
            taken[buyer] += amount_minor
    assert sum(taken.values()) <= cap_minor
    assert max(taken.values()) <= cap_minor // 2


@pytest.mark.rule("B14")
@given(st.integers(0, 4_100_000_000))
def test_months_follow_each_other_without_gap_or_overlap(seconds: int) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    first, following = month_of(at)
    assert first <= at < following
    assert (first.day, following.day) == (1, 1)
    assert month_of(following - timedelta(microseconds=1)) == (first, following)
    assert month_of(following)[0] == following
