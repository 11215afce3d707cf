"""A purchase: one package for one or more editors, one charge (B3, B6), and the states it may pass (B8, B9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.billing.domain.price import Price
from shared.contracts.reasons import Reason

UNPAID_LIMIT = timedelta(hours=24)  # A4: longer than this a purchase may not stand unpaid


class PurchaseState(StrEnum):
    """Where a purchase stands, in the words of the wire."""

    ACCEPTED = "accepted"
    ACTION_REQUIRED = "action_required"
    PROCESSING = "processing"
    DECLINED = "declined"
    PAID = "paid"
    CREDITED = "credited"
    CANCELLED = "cancelled"
    PARKED = "parked"


PURCHASE_TRANSITIONS: dict[PurchaseState, frozenset[PurchaseState]] = {
    PurchaseState.ACCEPTED: frozenset(
        {
            PurchaseState.ACTION_REQUIRED,
            PurchaseState.PROCESSING,
            PurchaseState.DECLINED,
            PurchaseState.PAID,
            PurchaseState.CANCELLED,
            PurchaseState.PARKED,
        }
    ),
    PurchaseState.ACTION_REQUIRED: frozenset(
        {
            PurchaseState.PROCESSING,
            PurchaseState.DECLINED,
            PurchaseState.PAID,
            PurchaseState.CANCELLED,
            PurchaseState.PARKED,
        }
    ),
    PurchaseState.PROCESSING: frozenset(
        {PurchaseState.DECLINED, PurchaseState.PAID, PurchaseState.CANCELLED, PurchaseState.PARKED}
    ),
    # Tried again (B9), or found paid or cancelled at the processor after all.
    PurchaseState.DECLINED: frozenset(
        {
            PurchaseState.ACCEPTED,
            PurchaseState.PROCESSING,
            PurchaseState.PAID,
            PurchaseState.CANCELLED,
            PurchaseState.PARKED,
        }
    ),
    PurchaseState.PAID: frozenset({PurchaseState.CREDITED}),
    PurchaseState.CREDITED: frozenset(),
    PurchaseState.CANCELLED: frozenset(),
    # Waits for a person, but the truth may still be learned by reading.
    PurchaseState.PARKED: frozenset({PurchaseState.PAID, PurchaseState.CANCELLED}),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One editor's share of a purchase: becomes one lot in the ledger."""

    user_id: str
    lot_id: str


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase as it stands. `credited_at` may be known before `state` is: the ledger is always right about it."""

    purchase_id: str
    workspace_id: str
    buyer_id: str
    request_id: str | None
    price: Price
    credits_each: int
    lines: tuple[Line, ...]
    state: PurchaseState
    content_hash: bytes
    accepted_at: datetime
    credited_at: datetime | None = None
    reason: Reason | None = None
