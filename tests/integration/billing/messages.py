"""Messages of a shop called Acme, as tests send them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

from shared.contracts.credit_ledger import CreditedLine, PurchaseCredited
from shared.contracts.price_catalog import CatalogPublished, Package, Quotas
from shared.contracts.top_up_commands import PurchaseTopUp, Quote, QuoteTopUp, RequestTopUp, RetryPurchase
from shared.contracts.top_up_events import PurchasePaid
from shared.contracts.workspace import MemberChanged, Role, WorkspaceChanged

ROLES: dict[str, Role] = {
    "olivia": "owner",
    "adam": "admin",
    "erin": "editor",
    "emil": "editor",
    "gina": "guest_editor",
    "victor": "viewer",
}
CARDS = [
    ("pm_good", "pm_card_visa"),
    ("pm_other", "pm_card_mastercard"),
    ("pm_bad", "pm_card_chargeCustomerFail"),
    ("pm_3ds", "pm_card_authenticationRequired"),
    ("pm_refund_fails", "pm_card_refundFail"),
    ("pm_refund_pends", "pm_card_pendingRefund"),
    ("pm_slow", "pm_sandbox_processingThenSucceeds"),
]


def workspace(version: int = 1, workspace_id: str = "acme", **changes: Any) -> WorkspaceChanged:
    said: dict[str, Any] = {
        "workspace_id": workspace_id,
        "name": workspace_id.title(),
        "plan": "business",
        "status": "active",
        "cycle_anchor": date(2026, 1, 5),
        "processor_customer_id": "cus_acme",
        "payment_method_id": "pm_good",
        "version": version,
    }
    return WorkspaceChanged(**{**said, **changes})


def member(user_id: str, role: Role, version: int = 1, workspace_id: str = "acme") -> MemberChanged:
    return MemberChanged(workspace_id=workspace_id, user_id=user_id, role=role, version=version)


def catalog(version: int = 1, price_minor: int = 1_500) -> CatalogPublished:
    quotas = Quotas(
        free_first_period=600,
        free=300,
        pro_editor=3_000,
        pro_guest_editor=600,
        business_editor=10_000,
        business_guest_editor=2_000,
    )
    packages = (
        Package(package_id="credits-3k", credits=3_000, price_minor=price_minor, currency="usd"),
        Package(package_id="credits-10k", credits=10_000, price_minor=3 * price_minor, currency="usd"),
    )
    return CatalogPublished(
        catalog_version=version, effective_at=datetime(2026, 1, version, tzinfo=UTC), packages=packages, quotas=quotas
    )


def quote(*user_ids: str, price_minor: int = 1_500, version: int = 1) -> Quote:
    users = user_ids or ("erin", "gina")
    return Quote(
        package_id="credits-3k",
        user_ids=users,
        unit_price_minor=price_minor,
        total_minor=price_minor * len(users),
        currency="usd",
        catalog_version=version,
    )


def ask_for_quote(actor_id: str = "adam", *user_ids: str) -> QuoteTopUp:
    return QuoteTopUp(
        workspace_id="acme", actor_id=actor_id, package_id="credits-3k", user_ids=user_ids or ("erin", "gina")
    )


def ask(actor_id: str = "erin", **changes: Any) -> RequestTopUp:
    said: dict[str, Any] = {
        "workspace_id": "acme",
        "actor_id": actor_id,
        "request_id": str(uuid4()),
        "package_id": "credits-3k",
    }
    return RequestTopUp(**{**said, **changes})


def buy(actor_id: str = "adam", **changes: Any) -> PurchaseTopUp:
    said: dict[str, Any] = {
        "workspace_id": "acme",
        "actor_id": actor_id,
        "purchase_id": str(uuid4()),
        "quote": quote(),
    }
    return PurchaseTopUp(**{**said, **changes})


def retry(purchase: PurchaseTopUp, method: str = "pm_other", attempt: int = 2, actor_id: str = "adam") -> RetryPurchase:
    return RetryPurchase(
        workspace_id=purchase.workspace_id,
        actor_id=actor_id,
        purchase_id=purchase.purchase_id,
        payment_method_id=method,
        attempt=attempt,
    )


def credited(paid: PurchasePaid) -> PurchaseCredited:
    """The ledger's answer."""
    lines = tuple(
        CreditedLine(user_id=line.user_id, lot_id=line.lot_id, credits=line.credits, usable=True) for line in paid.lines
    )
    return PurchaseCredited(
        workspace_id=paid.workspace_id,
        purchase_id=paid.purchase_id,
        buyer_id=paid.buyer_id,
        lines=lines,
        credited_at=paid.paid_at,
    )
