"""GET /purchases/{id}/authenticate: our link becomes the processor's page at the moment it is opened (B9)."""

from __future__ import annotations

from typing import Protocol

import psycopg
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from services.billing.domain.payment import PaymentState
from services.billing.endpoint.onward import PURCHASE_PATH, lead_on, purchase_of
from services.billing.endpoint.pages import UNKNOWN, page
from services.billing.handlers.timers import SETTLE
from services.billing.repository import BillingRepository
from shared.messaging.service import Runtime

NOTHING_TO_DO = "Nothing needs to be confirmed here any more. You can close this page and go back."
RETURNED = "Thank you. You can close this page; the outcome is shown where you bought."


class Challenges(Protocol):
    """Where the buyer of an intent authenticates now; None when there is nothing to do. Raises `ProcessorAway`."""

    def authentication_url(self, intent_id: str) -> str | None: ...


def authentication_routes(runtime: Runtime[BillingRepository], challenges: Challenges) -> list[Route]:
    """Two pages for buyers, named by the purchase's id, which cannot be guessed."""

    def authenticate(request: Request) -> Response:
        """Lead on to the processor's page, whose address is fetched now and kept nowhere."""
        return lead_on(
            runtime,
            purchase_of(request),
            PaymentState.REQUIRES_ACTION,
            challenges.authentication_url,
            otherwise=NOTHING_TO_DO,
            nowhere=NOTHING_TO_DO,
        )

    def returned(request: Request) -> Response:
        """The buyer comes back from the processor's page: a good moment to read the payment."""
        purchase_id = purchase_of(request)
        try:
            with runtime.transaction() as work:
                payment = work.repository.payments.lock(purchase_id)
                waits = payment is not None and payment.state is PaymentState.REQUIRES_ACTION
                # One that is due already may be under way: set anew, its answer would count for nothing.
                if waits and not work.repository.payments.reading_is_due(SETTLE, purchase_id, work.now):
                    work.timers.set(SETTLE, purchase_id, work.now)
        except psycopg.Error:
            return page(200, RETURNED)  # the poll will read it
        return page(404, UNKNOWN) if payment is None else page(200, RETURNED)

    return [Route(f"{PURCHASE_PATH}/authenticate", authenticate), Route(f"{PURCHASE_PATH}/returned", returned)]
