"""A payment that the processor has and we do not: after a restored backup the purchase is adopted as it was charged.

It was decided once, before anything was charged; what the directory or the catalog say today is no reason to take the
money and refuse the credits (B8).
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.billing.domain.intent import Intent
from services.billing.domain.rules import (
    Facts,
    catalog_is_known,
    editors_are_named_once,
    payment_method_is_saved,
    price_is_as_reviewed,
)
from services.billing.domain.verdict import Rule, Verdict, Wait, refuse
from shared.contracts.reasons import Reason

# Paid, or may be paid without another call of ours. What was declined or cancelled took no money.
LIVING = frozenset({"succeeded", "processing", "requires_action", "requires_capture"})


@dataclass(frozen=True, slots=True)
class Charged:
    """What the processor had for a purchase that is not in our books, when it was listed."""

    intent_id: str
    purchase_id: str
    workspace_id: str
    status: str
    customer_id: str | None
    payment_method_id: str | None


def worth_adopting(intent: Intent) -> bool:
    """Made by us, as its metadata show, and paid or about to be."""
    return intent.status in LIVING and bool(intent.workspace_id) and is_uuid(intent.purchase_id)


def workspace_was_seen(facts: Facts) -> Verdict:
    """Gone since or not: what it bought stays bought."""
    if facts.workspace is not None:
        return None
    return Wait(f"workspace {facts.workspace_id}", refuse(Reason.UNKNOWN_WORKSPACE))


def package_was_for_sale(facts: Facts) -> Verdict:
    """In the version that was reviewed; retired since or not."""
    assert facts.catalog is not None
    return None if facts.package_id in facts.catalog.packages else refuse(Reason.UNKNOWN_PACKAGE)


# What has to be so for the purchase to be recorded at all. `facts.catalog` is the version that was reviewed.
ADOPTION_RULES: tuple[Rule[Facts], ...] = (
    workspace_was_seen,
    editors_are_named_once,
    catalog_is_known,
    package_was_for_sale,
    price_is_as_reviewed,
    payment_method_is_saved,
)


def is_uuid(text: str | None) -> bool:
    """Whether it can be an id of ours: metadata there may say anything."""
    try:
        UUID(text or "")
    except ValueError:
        return False
    return True
