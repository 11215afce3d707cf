"""The first thing a request meets: too many are turned away before a body is read or anything is computed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from services.billing.endpoint.rates import PAGES, WEBHOOKS, Gate
from services.billing.endpoint.refusals import Refusals

WEBHOOK_PATH = "/webhooks/stripe"
TOO_MANY = "more requests than are let in"


class Doorkeeper:
    """429 with `Retry-After`, and the connection is closed: what is left of the body is not waited for."""

    def __init__(self, app: ASGIApp, refusals: Refusals, now_s: Callable[[], float] = time.monotonic) -> None:
        self._app = app
        self._refusals = refusals
        self._now_s = now_s
        self._webhooks, self._pages = Gate(WEBHOOKS, now_s()), Gate(PAGES, now_s())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """As ASGI has it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        gate = self._webhooks if scope["path"] == WEBHOOK_PATH else self._pages
        host, _ = scope["client"] or ("unknown", 0)
        wait_s = gate.wait_s(host, self._now_s())
        if wait_s == 0:
            await self._app(scope, receive, send)
            return
        self._refusals.note(TOO_MANY)
        refused = Response(status_code=429, headers={"Retry-After": str(math.ceil(wait_s)), "Connection": "close"})
        await refused(scope, receive, send)
