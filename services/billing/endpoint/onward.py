"""Our link about a purchase becomes an address of the processor's at the moment it is opened."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import psycopg
from fastapi import Response
from fastapi.responses import RedirectResponse

from services.billing.domain.payment import PaymentState
from services.billing.endpoint.pages import AWAY, UNKNOWN, page
from services.billing.repository import BillingRepository
from services.billing.stripe_gateway import ProcessorAway
from shared.messaging.service import Runtime


def lead_on(
    runtime: Runtime[BillingRepository],
    purchase_id: UUID,
    state: PaymentState,
    address_of: Callable[[str], str | None],
    *,
    otherwise: str,
    nowhere: str,
) -> Response:
    """On to `address_of` the purchase's intent, which is fetched now and kept nowhere, while its payment is in `state`.

    Says `otherwise` in another state, `nowhere` where the processor has no address, 503 or 404 where it cannot know.
    """
    try:
        with runtime.transaction() as work:
            payment = work.repository.payments.lock(str(purchase_id))
    except psycopg.Error:
        return page(503, AWAY)
    if payment is None:
        return page(404, UNKNOWN)
    if payment.state is not state or payment.intent_id is None:
        return page(200, otherwise)
    try:
        url = address_of(payment.intent_id)
    except ProcessorAway:
        return page(503, AWAY)
    if url is None or not url.startswith(("https://", "http://")):
        return page(200, nowhere)
    return RedirectResponse(url, status_code=303)
