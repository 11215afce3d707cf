"""The life of an account, folded from its events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.cli.history import tell_history
from services.cli.listening import Event
from shared.contracts.credit_ledger import (
    BalanceChanged,
    CreditsBurned,
    CreditsGranted,
    CreditsPaused,
    CreditsReturned,
    PurchaseCredited,
    QuotaLapsed,
)
from shared.contracts.envelope import Envelope
from shared.contracts.holds import CreditsHeld, HoldEnded
from shared.contracts.message import Message

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
QUOTA, BOUGHT = "0198c0de-0000-7000-8000-000000000001", "0198c0de-0000-7000-8000-000000000002"
PURCHASE = "0198c0de-0000-7000-8000-000000000003"
EDITH: dict[str, Any] = {"workspace_id": "acme", "user_id": "edith"}


def events(*messages: Message) -> list[Event]:
    return [
        Event("topic", NOON + timedelta(seconds=n), Envelope(f"e-{n}", "/ledger", m.type, NOON, m.wire()), m)
        for n, m in enumerate(messages)
    ]


def granted(lot_id: str, **more: Any) -> CreditsGranted:
    return CreditsGranted(**EDITH, lot_id=lot_id, **more)


def burned(*taken: tuple[str, str, int]) -> CreditsBurned:
    lots = [{"lot_id": lot, "kind": kind, "credits": credits} for lot, kind, credits in taken]
    return CreditsBurned.model_validate(
        {**EDITH, "usages": 1, "credits": sum(credits for *_, credits in taken), "lots": lots}
    )


LIFE = (
    granted(QUOTA, kind="quota", credits=100, period_start=NOON, period_end=NOON + timedelta(days=28)),
    PurchaseCredited.model_validate(
        {
            "workspace_id": "acme",
            "purchase_id": PURCHASE,
            "buyer_id": "adam",
            "lines": [{"user_id": "edith", "lot_id": BOUGHT, "credits": 3_000, "usable": True}],
            "credited_at": NOON,
        }
    ),
    granted(BOUGHT, kind="top_up", credits=3_000, purchase_id=PURCHASE),
    burned((QUOTA, "quota", 90)),
    QuotaLapsed(**EDITH, lot_id=QUOTA, credits=10),
    burned((BOUGHT, "top_up", 500)),
    CreditsPaused(**EDITH, cause="plan", top_up_credits=2_500),
)


def balance(**remaining: int) -> BalanceChanged:
    lots = [
        {"lot_id": lot, "kind": kind, "granted": 3_000, "remaining": remaining[kind], "opened_at": NOON}
        for lot, kind in ((QUOTA, "quota"), (BOUGHT, "top_up"))
    ]
    sums = {"quota_remaining": remaining["quota"], "top_up_remaining": remaining["top_up"], "usable": 0}
    return BalanceChanged.model_validate({**EDITH, "version": 1, **sums, "top_up_paused": True, "lots": lots})


def test_every_credit_has_an_origin_and_an_end() -> None:
    history = tell_history("acme/edith", events(*LIFE))
    quota, bought = history.lots.values()
    assert (quota.granted, quota.burned, quota.lapsed, quota.remaining) == (100, 90, 10, 0)
    assert quota.origin == "period 2026-01-31 to 2026-02-28"
    assert (bought.granted, bought.burned, bought.remaining) == (3_000, 500, 2_500)
    assert bought.origin == f"purchase {PURCHASE} by adam"
    assert len(history.events) == 6


HOLD: dict[str, Any] = {**EDITH, "hold_id": "h1", "hold_source": "/products/studio", "transaction_id": PURCHASE}


def moved(lot: str, kind: str, credits: int) -> list[dict[str, Any]]:
    return [{"lot_id": lot, "kind": kind, "credits": credits}]


def ended(outcome: str, **movements: Any) -> HoldEnded:
    return HoldEnded.model_validate({**HOLD, "outcome": outcome, **movements})


@pytest.mark.rule("C9", "C12")
def test_what_is_held_captured_and_taken_back_is_accounted_for() -> None:
    bought = moved(BOUGHT, "top_up", 120)
    held = CreditsHeld.model_validate({**HOLD, "credits": 120, "lots": bought})
    assert tell_history("acme/edith", events(*LIFE, held)).lots[BOUGHT].sums == (3_000, 500, 120, 0, 2_380)
    captured = ended("captured", burned=moved(BOUGHT, "top_up", 97), returned=moved(BOUGHT, "top_up", 23))
    assert tell_history("acme/edith", events(*LIFE, held, captured)).lots[BOUGHT].sums == (3_000, 597, 0, 0, 2_403)
    returned = CreditsReturned.model_validate(
        {**EDITH, "usage_id": "u1", "usage_source": "/s", "transaction_id": PURCHASE, "returned": bought}
    )
    assert tell_history("acme/edith", events(*LIFE, returned)).lots[BOUGHT].sums == (3_000, 380, 0, 0, 2_620)


@pytest.mark.rule("C9", "C12")
def test_a_capture_told_after_the_expiry_takes_back_what_had_returned_or_lapsed() -> None:
    held = CreditsHeld.model_validate(
        {**HOLD, "credits": 30, "lots": [*moved(QUOTA, "quota", 10), *moved(BOUGHT, "top_up", 20)]}
    )
    expired = ended("expired", lapsed=moved(QUOTA, "quota", 10), returned=moved(BOUGHT, "top_up", 20))
    late = ended("captured", late=True, burned=[*moved(QUOTA, "quota", 10), *moved(BOUGHT, "top_up", 5)])
    lots = tell_history("acme/edith", events(LIFE[0], *LIFE[1:3], held, expired, late)).lots
    assert (lots[QUOTA].sums, lots[BOUGHT].sums) == ((100, 10, 0, 0, 90), (3_000, 5, 0, 0, 2_995))


def test_an_event_that_comes_twice_counts_once() -> None:
    once = events(*LIFE)
    assert tell_history("acme/edith", once + once).lots == tell_history("acme/edith", once).lots


def test_other_accounts_do_not_mix_in() -> None:
    other = CreditsGranted(workspace_id="globex", user_id="edith", lot_id=QUOTA, kind="quota", credits=7)
    assert tell_history("globex/edith", events(*LIFE, other)).lots[QUOTA].granted == 7
    assert tell_history("acme/erik", events(*LIFE)).events == []


def test_it_adds_up_only_with_the_published_balance() -> None:
    history = tell_history("acme/edith", events(*LIFE))
    assert history.adds_up(balance(quota=0, top_up=2_500))
    assert not history.adds_up(balance(quota=0, top_up=2_499))
    assert not history.adds_up(None)


def test_events_that_are_kept_no_longer_show_as_a_gap() -> None:
    history = tell_history("acme/edith", events(*LIFE[3:]))
    assert history.lots[BOUGHT].origin == "?"
    assert not history.adds_up(balance(quota=0, top_up=2_500))
