"""What is told of a dispute, whatever is seen of it and when (B12)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.domain.dispute import DisputeNews, DisputeStanding, DisputeState, ShownDispute, news
from services.billing.stripe_dispute_shapes import dispute_from

OPEN, WON, LOST = DisputeState.OPEN, DisputeState.WON, DisputeState.LOST


def shown(state: DisputeState | None, *, withdrawn: bool = True, reinstated: bool = False) -> ShownDispute:
    return ShownDispute(
        "dp_1", state, 3_000, "usd", "fraudulent", withdrawn, reinstated, datetime(2026, 1, 1, tzinfo=UTC)
    )


def told(new: DisputeNews | None) -> list[str]:
    if new is None:
        return []
    verdict = [] if new.verdict is None else [f"{new.verdict} {new.after.step}"]
    return ["opened"] * new.opened + ["withdrawn"] * new.withdrawn + verdict + ["reinstated"] * new.reinstated


@pytest.mark.rule("B12")
@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (None, shown(None, withdrawn=False), []),
        (None, shown(OPEN, withdrawn=False), ["opened"]),
        (None, shown(OPEN), ["opened", "withdrawn"]),
        (None, shown(LOST), ["opened", "withdrawn", "lost 1"]),
        (None, shown(WON, reinstated=True), ["opened", "withdrawn", "won 1", "reinstated"]),
        (DisputeStanding(), shown(OPEN), ["withdrawn"]),
        (DisputeStanding(withdrawn=True), shown(OPEN), []),
        (DisputeStanding(withdrawn=True), shown(None), []),
        (DisputeStanding(withdrawn=True), shown(LOST), ["lost 1"]),
        (DisputeStanding(withdrawn=True), shown(WON), ["won 1"]),
        (DisputeStanding(WON, 1, True), shown(WON, reinstated=True), ["reinstated"]),
        (DisputeStanding(LOST, 1, True), shown(LOST), []),
        (DisputeStanding(LOST, 1, True), shown(OPEN), []),
        (DisputeStanding(LOST, 1, True), shown(WON, reinstated=True), ["won 2", "reinstated"]),
        (DisputeStanding(WON, 1, True, True), shown(LOST, reinstated=True), ["lost 2"]),
    ],
)
def test_the_difference_to_what_was_told(
    before: DisputeStanding | None, now: ShownDispute, expected: list[str]
) -> None:
    assert told(news(before, now)) == expected


@pytest.mark.rule("B12")
@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("needs_response", OPEN),
        ("under_review", OPEN),
        ("won", WON),
        ("lost", LOST),
        ("warning_needs_response", None),
        ("warning_closed", None),
    ],
)
def test_an_inquiry_is_no_dispute(status: str, state: DisputeState | None) -> None:
    assert dispute_from(body(status=status)).state is state


@pytest.mark.rule("B12")
def test_of_the_balance_only_the_direction_counts() -> None:
    seen = dispute_from(body(balance_transactions=[{"amount": -2_711}, {"amount": 2_690}]))
    assert (seen.amount_minor, seen.withdrawn, seen.reinstated) == (3_000, True, True)
    assert not dispute_from(body(balance_transactions=[])).withdrawn


def body(**changes: Any) -> dict[str, Any]:
    return {
        "id": "dp_1",
        "object": "dispute",
        "status": "needs_response",
        "amount": 3_000,
        "currency": "usd",
        "reason": "fraudulent",
        "created": 1_767_225_600,
        "balance_transactions": [{"amount": -3_000}],
        **changes,
    }
