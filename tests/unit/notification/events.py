"""Events as tests of notification build them: one Business workspace, its people, what billing and the ledger say."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, Literal
from uuid import UUID

from shared.contracts.auto_top_up import AutoTopUpStopped
from shared.contracts.credit_ledger import (
    BalanceLow,
    CreditedLine,
    CreditsExhausted,
    CreditsFreed,
    CreditsPaused,
    PurchaseCredited,
)
from shared.contracts.reasons import Reason
from shared.contracts.top_up_events import (
    PurchaseActionRequired,
    PurchaseDeclined,
    PurchaseLine,
    PurchasePaid,
    RequestCancelled,
    RequestDeclined,
    RequestExpired,
    RequestFulfilled,
    TopUpRequested,
)
from shared.contracts.workspace import ContactChanged, MemberChanged, WorkspaceChanged

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
WORKSPACE = "acme"
ROLES = {
    "olivia": "owner",
    "adam": "admin",
    "erin": "editor",
    "emil": "editor",
    "gina": "guest_editor",
    "vera": "viewer",
}
CREDITS = 12_000
PRICE_MINOR = 4_900


def uuid(number: int) -> str:
    """A UUID that a failing test shows legibly."""
    return str(UUID(int=number, version=4))


def workspace(name: str = "Acme", version: int = 1, workspace_id: str = WORKSPACE) -> WorkspaceChanged:
    return WorkspaceChanged(
        workspace_id=workspace_id,
        name=name,
        plan="business",
        status="active",
        cycle_anchor=date(2026, 1, 15),
        version=version,
    )


def member(user_id: str, role: str | None = None, version: int = 1, workspace_id: str = WORKSPACE) -> MemberChanged:
    return MemberChanged.read(
        {"workspace_id": workspace_id, "user_id": user_id, "role": role or ROLES[user_id], "version": version}
    )


def contact(user_id: str, name: str | None = None, email: str | None = None, version: int = 1) -> ContactChanged:
    return ContactChanged(
        user_id=user_id, name=name or user_id.title(), email=email or f"{user_id}@acme.example", version=version
    )


def directory(workspace_id: str = WORKSPACE) -> list[WorkspaceChanged | MemberChanged | ContactChanged]:
    """The whole workspace: itself, its members, how they are reached."""
    members = [member(user_id, workspace_id=workspace_id) for user_id in ROLES]
    return [workspace(workspace_id=workspace_id), *members, *(contact(user_id) for user_id in ROLES)]


def requested(request: int = 1, asker: str = "erin", workspace_id: str = WORKSPACE) -> TopUpRequested:
    return TopUpRequested(
        workspace_id=workspace_id,
        request_id=uuid(request),
        asker_id=asker,
        package_id="pack-12k",
        credits=CREDITS,
        price_minor=PRICE_MINOR,
        currency="usd",
        catalog_version=1,
        expires_at=datetime(2026, 3, 16, 12, tzinfo=UTC),
    )


def _request(request: int, asker: str, workspace_id: str) -> dict[str, Any]:
    return {"workspace_id": workspace_id, "request_id": uuid(request), "asker_id": asker}


def fulfilled(
    request: int = 1, asker: str = "erin", buyer: str = "adam", workspace_id: str = WORKSPACE
) -> RequestFulfilled:
    return RequestFulfilled(**_request(request, asker, workspace_id), purchase_id=uuid(50), buyer_id=buyer)


def request_declined(request: int = 1, asker: str = "erin", reason: str = "Not this month") -> RequestDeclined:
    return RequestDeclined(**_request(request, asker, WORKSPACE), decliner_id="adam", reason=reason)


def cancelled(request: int = 1, asker: str = "erin") -> RequestCancelled:
    return RequestCancelled(**_request(request, asker, WORKSPACE))


def expired(request: int = 1, asker: str = "erin", workspace_id: str = WORKSPACE) -> RequestExpired:
    return RequestExpired(**_request(request, asker, workspace_id))


def auto_top_up_stopped(cause: Literal["declined", "switched_off"] = "declined", number: int = 50) -> AutoTopUpStopped:
    return AutoTopUpStopped(
        workspace_id=WORKSPACE,
        user_id="erin",
        cause=cause,
        set_by="adam",
        reason=Reason.DECLINED_TOO_OFTEN,
        detail="Declined 3 times in a row.",
        purchase_id=uuid(number),
    )


def paid(
    purchase: int = 50,
    buyer: str = "adam",
    editors: tuple[str, ...] = ("erin", "emil"),
    workspace_id: str = WORKSPACE,
    currency: str = "usd",
) -> PurchasePaid:
    return PurchasePaid(
        workspace_id=workspace_id,
        purchase_id=uuid(purchase),
        buyer_id=buyer,
        lines=tuple(
            PurchaseLine(user_id=editor, lot_id=uuid(900 + number), credits=CREDITS, unit_price_minor=PRICE_MINOR)
            for number, editor in enumerate(editors)
        ),
        total_minor=PRICE_MINOR * len(editors),
        currency=currency,
        catalog_version=1,
        payment_intent_id="pi_1",
        paid_at=NOW,
    )


def credited(
    purchase: int = 50,
    buyer: str = "adam",
    editors: tuple[str, ...] = ("erin", "emil"),
    workspace_id: str = WORKSPACE,
    usable: bool = True,
) -> PurchaseCredited:
    return PurchaseCredited(
        workspace_id=workspace_id,
        purchase_id=uuid(purchase),
        buyer_id=buyer,
        lines=tuple(
            CreditedLine(user_id=editor, lot_id=uuid(900 + number), credits=CREDITS, usable=usable)
            for number, editor in enumerate(editors)
        ),
        credited_at=NOW,
    )


def purchase_declined(purchase: int = 50, buyer: str = "adam") -> PurchaseDeclined:
    return PurchaseDeclined(
        workspace_id=WORKSPACE,
        purchase_id=uuid(purchase),
        buyer_id=buyer,
        reason=Reason.CARD_DECLINED,
        decline_code="insufficient_funds",
        detail="Your card has insufficient funds.",
        next_attempt=2,
    )


def action_required(
    purchase: int = 50, buyer: str = "adam", url: str = "https://pay.refill.test/p/1"
) -> PurchaseActionRequired:
    return PurchaseActionRequired(workspace_id=WORKSPACE, purchase_id=uuid(purchase), buyer_id=buyer, url=url)


def paused(user_id: str = "erin", cause: str = "plan", workspace_id: str = WORKSPACE) -> CreditsPaused:
    return CreditsPaused.read(
        {"workspace_id": workspace_id, "user_id": user_id, "cause": cause, "top_up_credits": CREDITS}
    )


def freed(user_id: str = "erin", workspace_id: str = WORKSPACE) -> CreditsFreed:
    return CreditsFreed(workspace_id=workspace_id, user_id=user_id, top_up_credits=CREDITS)


PERIOD_END = datetime(2026, 3, 15, tzinfo=UTC)


def low(user_id: str = "erin", workspace_id: str = WORKSPACE, usable: int = 1_998) -> BalanceLow:
    return BalanceLow(
        workspace_id=workspace_id,
        user_id=user_id,
        usable=usable,
        threshold=2_000,
        quota=10_000,
        quota_ends_at=PERIOD_END,
    )


def exhausted(user_id: str = "erin", workspace_id: str = WORKSPACE, held: int = 120) -> CreditsExhausted:
    return CreditsExhausted(
        workspace_id=workspace_id, user_id=user_id, held=held, quota=10_000, quota_ends_at=PERIOD_END
    )
