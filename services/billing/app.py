"""The one place where billing's objects meet."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware.body_limit import RequestBodyLimitMiddleware

from services.billing.domain.links import Links
from services.billing.endpoint.authentication import authentication_routes
from services.billing.endpoint.doorkeeper import Doorkeeper
from services.billing.endpoint.events import event_from
from services.billing.endpoint.protocol import MAX_BODY_BYTES
from services.billing.endpoint.receipts import receipt_routes
from services.billing.endpoint.refusals import Refusals
from services.billing.endpoint.security_headers import security_headers
from services.billing.endpoint.server import Endpoint
from services.billing.endpoint.webhooks import webhook_routes
from services.billing.handlers import ALARMS, LANES
from services.billing.handlers.cancel import CancelErrand
from services.billing.handlers.charge import ChargeErrand
from services.billing.handlers.dispute import DisputeErrand
from services.billing.handlers.mirror import MirrorErrand
from services.billing.handlers.reconcile import ReconcileErrand
from services.billing.handlers.reconciling import reconciliation_alarm
from services.billing.handlers.refund import RefundErrand
from services.billing.handlers.review import ReviewErrand
from services.billing.handlers.settle import SettleErrand
from services.billing.reconcile import Reconciliation
from services.billing.repository import BillingRepository
from services.billing.repository.webhooks import WebhookEvent
from services.billing.settings import LIVE_KEYS, BillingSettings
from services.billing.stripe_gateway import NotFromStripe, StripeGateway, verified_event
from shared.messaging.service import Companion, Runtime, Service

# Longer than four calls with all their time-outs (4 x 23 s): a charge, its replay read anew, and the method looked up.
LEASE_S = 120
CHARGES_AT_ONCE = 8  # a charge takes about a second there; 8 threads are far above any buyer's pace
READINGS_AT_ONCE = 2
CANCELLATIONS_AT_ONCE = 1
REFUNDS_AT_ONCE = 2
DISPUTES_AT_ONCE = 1
MIRRORED_AT_ONCE = 1


def service(settings: BillingSettings) -> Service[BillingRepository]:
    """Billing, from its settings. Raises `SettingsProblem`."""
    gateway = StripeGateway(settings.stripe_api_key.get_secret_value(), settings.stripe_api_base)
    links = Links(settings.billing_public_url)
    reconcile_every = timedelta(hours=settings.billing_reconcile_every_hours)

    def endpoint(runtime: Runtime[BillingRepository]) -> Companion:
        return http_endpoint(runtime, gateway, settings)

    def reconciliation(runtime: Runtime[BillingRepository]) -> Companion:
        return Reconciliation(runtime, gateway, reconcile_every)

    return Service(
        name="billing",
        schema="billing",
        lanes=LANES,
        alarms=(*ALARMS, reconciliation_alarm(reconcile_every)),
        errands=(
            ChargeErrand(gateway, links, LEASE_S, CHARGES_AT_ONCE),
            SettleErrand(gateway, links, LEASE_S, READINGS_AT_ONCE),
            CancelErrand(gateway, links, LEASE_S, CANCELLATIONS_AT_ONCE),
            RefundErrand(gateway, LEASE_S, REFUNDS_AT_ONCE),
            DisputeErrand(gateway, LEASE_S, DISPUTES_AT_ONCE),
            MirrorErrand(gateway, LEASE_S, MIRRORED_AT_ONCE),
            ReconcileErrand(gateway, LEASE_S),
            ReviewErrand(gateway, links, LEASE_S),
        ),
        repository=BillingRepository,
        migrations=Path(__file__).with_name("migrations"),
        companions=(reconciliation, endpoint),
    )


def http_endpoint(runtime: Runtime[BillingRepository], gateway: StripeGateway, settings: BillingSettings) -> Endpoint:
    """The endpoint with its bounds. What it turns away is counted in one place."""
    refusals = Refusals()
    app = http_app(runtime, gateway, settings, refusals)
    address = (settings.billing_http_host, settings.billing_http_port)
    return Endpoint(app, address, runtime, refusals, security_headers(settings.billing_public_url))


def http_app(
    runtime: Runtime[BillingRepository], gateway: StripeGateway, settings: BillingSettings, refusals: Refusals
) -> Starlette:
    """The endpoint's routes, behind the bounds of a request."""
    secret = settings.stripe_webhook_secret.get_secret_value()
    live = settings.stripe_api_key.get_secret_value().startswith(LIVE_KEYS)

    def verify(body: bytes, signature: str | None) -> WebhookEvent:
        event = verified_event(body, signature, secret, live=live)
        try:
            return event_from(event)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise NotFromStripe("the event has not the shape of one") from None

    app = Starlette(
        routes=[
            *webhook_routes(runtime, verify, refusals),
            *authentication_routes(runtime, gateway),
            *receipt_routes(runtime, gateway),
        ]
    )
    app.add_middleware(RequestBodyLimitMiddleware, max_body_size=MAX_BODY_BYTES)
    app.add_middleware(Doorkeeper, refusals=refusals)  # the last one added is the first to be met
    return app
