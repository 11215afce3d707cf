"""POST /webhooks/stripe: verified, stored, and only then answered; a timer does the rest (cases 15, 16)."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import structlog
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from services.billing.endpoint.doorkeeper import WEBHOOK_PATH
from services.billing.endpoint.refusals import Refusals
from services.billing.handlers.timers import DISPUTES, MIRROR, REFUND, SETTLE
from services.billing.repository import BillingRepository
from services.billing.repository.webhooks import WebhookEvent
from services.billing.stripe_gateway import NotFromStripe
from shared.messaging.crash_points import reach
from shared.messaging.service import Runtime

log = structlog.get_logger()

STORED = "billing.webhook.stored"
DISPUTED = "charge.dispute."
REFUNDED = ("refund.", "charge.refund")
GONE = "a webhook whose sender went away"

Verify = Callable[[bytes, str | None], WebhookEvent]


def webhook_routes(runtime: Runtime[BillingRepository], verify: Verify, refusals: Refusals) -> list[Route]:
    """The webhook endpoint. 2xx is a promise that the event is on disk; Stripe repeats everything else for days."""

    async def receive(request: Request) -> Response:
        try:
            event = verify(await request.body(), request.headers.get("stripe-signature"))
        except NotFromStripe as problem:
            refusals.note(str(problem))
            return Response(status_code=400)
        except ClientDisconnect:
            refusals.note(GONE)
            return Response(status_code=400)  # nobody hears it
        try:
            new = await run_in_threadpool(store, runtime, event)
        except psycopg.Error as error:
            log.warning("webhook_not_stored", event_id=event.event_id, problem=type(error).__name__)
            return Response(status_code=503)
        log.info("webhook_received", event_id=event.event_id, kind=event.type, new=new)
        reach(STORED)
        return Response(status_code=200)

    return [Route(WEBHOOK_PATH, receive, methods=["POST"])]


def store(runtime: Runtime[BillingRepository], event: WebhookEvent) -> bool:
    """Keep the event once; if it is about a payment of ours, that is read soon."""
    with runtime.transaction() as work:
        if not work.repository.webhooks.store(event, work.now):
            return False
        purchase_id = work.repository.webhooks.purchase_of(event)
        if purchase_id is not None:
            work.timers.set(SETTLE, purchase_id, work.now)
            for refund_id in work.repository.refunds.to_read(purchase_id):
                work.timers.set(REFUND, refund_id, work.now)
            if event.type.startswith(DISPUTED):
                work.timers.set(DISPUTES, purchase_id, work.now)
            elif event.type.startswith(REFUNDED):
                work.timers.set(MIRROR, purchase_id, work.now)
        elif event.intent_id is not None and (event.purchase_id is not None or event.type.startswith(DISPUTED)):
            # Its row stays in stripe_events; a payment that came before its command is adopted with that.
            log.error(
                "webhook_of_unknown_purchase",
                event_id=event.event_id,
                kind=event.type,
                purchase_id=event.purchase_id,
                payment_intent_id=event.intent_id,
            )
        return True
