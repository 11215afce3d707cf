"""GET /purchases/{id}/receipt: our link becomes the processor's receipt, with its tax, when it is opened.

The processor's own links end after a month ("Receipts"), so none is kept or published.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

from fastapi import APIRouter, Response

from services.billing.domain.payment import PaymentState
from services.billing.endpoint.onward import lead_on
from services.billing.repository import BillingRepository
from shared.messaging.service import Runtime

NOT_PAID = "There is no receipt: nothing has been paid."
NO_RECEIPT = "The payment provider shows no receipt for this payment."


class Receipts(Protocol):
    """Where the receipt of an intent is now; None when there is none. Raises `ProcessorAway`."""

    def receipt_url(self, intent_id: str) -> str | None: ...


def receipt_routes(runtime: Runtime[BillingRepository], receipts: Receipts) -> APIRouter:
    """One page, named by the purchase's id, which cannot be guessed."""
    router = APIRouter()

    @router.get("/purchases/{purchase_id}/receipt")
    def receipt(purchase_id: UUID) -> Response:
        """Lead on to the processor's receipt, whose address is fetched now."""
        return lead_on(
            runtime,
            purchase_id,
            PaymentState.SUCCEEDED,
            receipts.receipt_url,
            otherwise=NOT_PAID,
            nowhere=NO_RECEIPT,
        )

    return router
