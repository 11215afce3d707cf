"""GET /purchases/{id}/receipt: our link becomes the processor's receipt, with its tax, when it is opened.

The processor's own links end after a month ("Receipts"), so none is kept or published.
"""

from __future__ import annotations

from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.billing.domain.payment import PaymentState
from services.billing.endpoint.onward import PURCHASE_PATH, lead_on, purchase_of
from services.billing.repository import BillingRepository
from shared.messaging.service import Runtime

NOT_PAID = "There is no receipt: nothing has been paid."
NO_RECEIPT = "The payment provider shows no receipt for this payment."


class Receipts(Protocol):
    """Where the receipt of an intent is now; None when there is none. Raises `ProcessorAway`."""

    def receipt_url(self, intent_id: str) -> str | None: ...


def receipt_routes(runtime: Runtime[BillingRepository], receipts: Receipts) -> list[Route]:
    """One page, named by the purchase's id, which cannot be guessed."""

    def receipt(request: Request) -> Response:
        """Lead on to the processor's receipt, whose address is fetched now."""
        return lead_on(
            runtime,
            purchase_of(request),
            PaymentState.SUCCEEDED,
            receipts.receipt_url,
            otherwise=NOT_PAID,
            nowhere=NO_RECEIPT,
        )

    return [Route(f"{PURCHASE_PATH}/receipt", receipt)]
