"""The endpoint as the worker runs it, on a real socket, and the gestures of those who come to it."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import httpx
import stripe

from deploy.local.ports import LOOPBACK, free_port
from services.billing.app import http_endpoint, service
from services.billing.settings import BillingSettings
from services.billing.stripe_gateway import StripeGateway
from shared.messaging.clock import SystemClock
from shared.messaging.service import Runtime
from tests.integration.billing.till import Till

SECRET = "whsec_of_the_tests"


@contextmanager
def opened(till: Till, settings: BillingSettings) -> Iterator[httpx.Client]:
    """A client at the door. Fails when the endpoint died of anything."""
    failures: list[tuple[str, BaseException]] = []
    parts = Runtime(
        service(settings), till.database, SystemClock(), threading.Event(), lambda *why: failures.append(why)
    )
    gateway = StripeGateway(settings.stripe_api_key.get_secret_value(), settings.stripe_api_base)
    port = free_port()
    given = {"billing_http_host": LOOPBACK, "billing_http_port": port}
    endpoint = http_endpoint(parts, gateway, settings.model_copy(update=given))
    endpoint.start()
    with httpx.Client(base_url=f"http://{LOOPBACK}:{port}", timeout=30, trust_env=False) as client:
        yield client
    endpoint.stop()
    assert failures == []


def event_about(till: Till, purchase_id: str, kind: str = "payment_intent.succeeded") -> dict[str, Any]:
    """An event as the processor writes it, about the intent of a purchase."""
    intent = {"id": "pi_x", "object": "payment_intent", "metadata": {"purchase_id": purchase_id}}
    return {
        "id": f"evt_{uuid4().hex}",
        "object": "event",
        "type": kind,
        "created": int(till.now().timestamp()),
        "livemode": False,
        "data": {"object": intent},
    }


def signed(event: object, *, secret: str = SECRET, age_s: int = 0) -> tuple[str, dict[str, str]]:
    """Body and headers."""
    body = event if isinstance(event, str) else json.dumps(event)
    header = stripe.WebhookSignature.generate_signature_header(body, secret, int(time.time()) - age_s)
    return body, {"stripe-signature": header}


def deliver(
    door: httpx.Client,
    event: object,
    *,
    secret: str = SECRET,
    age_s: int = 0,
    headers: Mapping[str, str] | None = None,
) -> int:
    """Post it, and return the status."""
    body, signature = signed(event, secret=secret, age_s=age_s)
    return door.post("/webhooks/stripe", content=body, headers={**signature, **(headers or {})}).status_code


def stored(till: Till) -> int:
    """How many events are on disk."""
    with till.transaction() as connection:
        row = connection.execute("SELECT count(*) FROM stripe_events").fetchone()
    assert row is not None
    count: int = row[0]
    return count


def dial(door: httpx.Client) -> socket.socket:
    """A bare connection to the door."""
    port = door.base_url.port
    assert port is not None
    return socket.create_connection((LOOPBACK, port), timeout=30)


def read_to_end(connection: socket.socket) -> bytes:
    """What comes until the door hangs up, however it does."""
    said = b""
    try:
        while part := connection.recv(65_536):
            said += part
    except ConnectionResetError:
        pass
    return said
