"""GET /purchases/{id}/receipt: our link becomes the processor's receipt, with its tax, when it is opened.

The processor's own links end after a month ("Receipts"), so none is kept or published.
"""

from __future__ import annotations

from typing import Protocol
from uuid import UUID

import psycopg
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from services.billing.domain.payment import PaymentState
from services.billing.endpoint.pages import AWAY, UNKNOWN, page
from services.billing.repository import BillingRepository
from services.billing.stripe_gateway import ProcessorAway
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
        try:
            with runtime.transaction() as work:
                payment = work.repository.payments.lock(str(purchase_id))
        except psycopg.Error:
            return page(503, AWAY)
        if payment is None:
            return page(404, UNKNOWN)
        if payment.state is not PaymentState.SUCCEEDED or payment.intent_id is None:
            return page(200, NOT_PAID)
        try:
            url = receipts.receipt_url(payment.intent_id)
        except ProcessorAway:
            return page(503, AWAY)
        if url is None or not url.startswith(("https://", "http://")):
            return page(200, NO_RECEIPT)
        return RedirectResponse(url, status_code=303)

    return router
