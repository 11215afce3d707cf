"""The processor's Dispute object, reduced to what decides ("The Dispute object")."""

from __future__ import annotations

from datetime import UTC, datetime

from services.billing.domain.dispute import OF_STATUS, ShownDispute
from services.billing.stripe_shapes import Json


def dispute_from(shown: Json) -> ShownDispute:
    """A dispute as the API lists it. Of the balance's movements only their direction counts: their amount is in the
    currency of the account. Raises KeyError, TypeError or ValueError when it is no dispute."""
    if shown["object"] != "dispute":
        raise ValueError("the object is no dispute")
    moved = [int(movement["amount"]) for movement in shown.get("balance_transactions") or ()]
    return ShownDispute(
        dispute_id=str(shown["id"]),
        state=OF_STATUS.get(str(shown["status"])),
        amount_minor=int(shown["amount"]),
        currency=str(shown["currency"]),
        reason=str(shown.get("reason") or "general"),
        withdrawn=any(amount < 0 for amount in moved),
        reinstated=any(amount > 0 for amount in moved),
        opened_at=datetime.fromtimestamp(int(shown["created"]), UTC),
    )
