"""Our link about a purchase becomes an address of the processor's at the moment it is opened."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from services.billing.domain.payment import PaymentState
from services.billing.endpoint.pages import AWAY, UNKNOWN, page
from services.billing.repository import BillingRepository
from services.billing.stripe_gateway import ProcessorAway
from shared.messaging.service import Runtime

PURCHASE_PATH = "/purchases/{purchase_id:uuid}"
"""Anything but an id is not found."""


def purchase_of(request: Request) -> str:
    """The purchase in the path of a page of ours, written as its row has it."""
    return str(request.path_params["purchase_id"])


def lead_on(
    runtime: Runtime[BillingRepository],
    purchase_id: str,
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
            payment = work.repository.payments.lock(purchase_id)
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
