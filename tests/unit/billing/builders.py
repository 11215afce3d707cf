"""Workspaces, facts, payments and answers as tests name them: everything in order unless a test says otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from services.billing.domain.intent import Intent
from services.billing.domain.payment import Attempt, Payment, PaymentState
from services.billing.domain.price import Catalog, Package, Price
from services.billing.domain.request import Request, RequestState
from services.billing.domain.rules import Facts
from services.billing.domain.workspace import Member, Workspace
from shared.contracts.workspace import Role

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
PURCHASE = "0198c0de-0000-7000-8000-000000000001"
REQUEST = "0198c0de-0000-7000-8000-00000000000a"

ROLES: dict[str, Role] = {
    "olivia": "owner",
    "adam": "admin",
    "erin": "editor",
    "gina": "guest_editor",
    "victor": "viewer",
}
CATALOG = Catalog(
    version=1,
    effective_at=NOW - timedelta(days=1),
    packages={
        "credits-3k": Package("credits-3k", 3_000, 1_500, "usd"),
        "credits-100k": Package("credits-100k", 100_000, 36_000, "usd"),
        "credits-old": Package("credits-old", 5_000, 900, "usd", retired=True),
        "credits-gold": Package("credits-gold", 3_000, 60_000_000, "usd"),
        "credits-nowhere": Package("credits-nowhere", 3_000, 1_500, "xyz"),
        "credits-gift": Package("credits-gift", 3_000, 0, "usd"),
    },
)
REVIEWED = Price("credits-3k", ("erin", "gina"), 1_500, 3_000, "usd", 1)


def workspace(**changes: Any) -> Workspace:
    return replace(Workspace("acme", "business", "active", "cus_acme", "pm_acme"), **changes)


def members(**removed_or_not: bool) -> dict[str, Member]:
    return {user: Member("acme", user, role, removed_or_not.get(user, False)) for user, role in ROLES.items()}


def request(**changes: Any) -> Request:
    standing = Request(
        request_id=REQUEST,
        workspace_id="acme",
        asker_id="erin",
        package_id="credits-3k",
        state=RequestState.REQUESTED,
        expires_at=NOW + timedelta(days=13),
        content_hash=b"x" * 32,
    )
    return replace(standing, **changes)


def facts(**changes: Any) -> Facts:
    """An admin of a Business workspace buys the small package for an editor and a guest editor, as reviewed."""
    usual = Facts(
        workspace_id="acme",
        actor_id="adam",
        at=NOW,
        workspace=workspace(),
        members=members(),
        catalog=CATALOG,
        known_versions=frozenset({1}),
        package_id="credits-3k",
        user_ids=("erin", "gina"),
        reviewed=REVIEWED,
    )
    return replace(usual, **changes)


def attempt(**changes: Any) -> Attempt:
    usual = Attempt(
        number=1,
        payment_method_id="pm_acme",
        idempotency_key="0198c0de-0000-7000-8000-0000000000ff",
        commanded_at=NOW - timedelta(minutes=1),
        first_tried_at=NOW - timedelta(seconds=50),
    )
    return replace(usual, **changes)


def payment(state: PaymentState = PaymentState.CHARGING, *, of: Attempt | None = None, **changes: Any) -> Payment:
    usual = Payment(
        purchase_id=PURCHASE,
        workspace_id="acme",
        customer_id="cus_acme",
        amount_minor=3_000,
        currency="usd",
        description="AI credits: 2 x credits-3k",
        state=state,
        attempt=of or attempt(),
        return_url="https://pay.example/returned",
    )
    return replace(usual, **changes)


def intent(status: str = "succeeded", **changes: Any) -> Intent:
    """The processor's intent of that payment."""
    usual = Intent(
        intent_id="pi_1",
        status=status,
        amount_minor=3_000,
        amount_received_minor=3_000 if status == "succeeded" else 0,
        currency="usd",
        customer_id="cus_acme",
        purchase_id=PURCHASE,
        workspace_id="acme",
    )
    return replace(usual, **changes)
