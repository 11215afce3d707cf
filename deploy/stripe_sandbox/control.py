"""Client of the control API, for tests and the demo. Standard library only."""

import http.client
import json
from collections.abc import Sequence
from typing import Literal, cast
from urllib.parse import urlsplit

from deploy.stripe_sandbox.values import Json, JsonObject

TIMEOUT_S = 30


class SandboxRefused(Exception):
    """The sandbox did not take the order; the reason is the message."""


class SandboxControl:
    """Orders and readings. Raises SandboxRefused for an order without sense, OSError when nobody answers."""

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        self.base_url = base_url.rstrip("/")
        self._address = (parts.hostname or "127.0.0.1", parts.port or 80)

    def fault(
        self,
        *,
        method: str = "POST",
        path: str = "/v1/payment_intents*",
        times: int = 1,
        stage: Literal["before", "after"] = "before",
        action: Literal["error", "reset", "cut", "garbage", "none"] = "error",
        status: int = 500,
        headers: dict[str, str] | None = None,
        delay_ms: int = 0,
        hold: bool = False,
        save: bool = False,
    ) -> str:
        """Orders a fault for requests to come (faults.py has the words). Returns its id."""
        order: JsonObject = {
            "method": method,
            "path": path,
            "times": times,
            "stage": stage,
            "action": action,
            "status": status,
            "headers": {**(headers or {})},
            "delay_ms": delay_ms,
            "hold": hold,
            "save": save,
        }
        return str(cast("JsonObject", self._post("faults", order))["id"])

    def faults(self) -> list[JsonObject]:
        """With `struck`, how many requests each hit, and `waiting`, how many it holds now."""
        return cast("list[JsonObject]", self._get("faults"))

    def release(self, fault: str) -> None:
        self._post("faults/release", {"id": fault})

    def clear_faults(self) -> None:
        self._post("faults/clear", {})

    def clock(self, *, advance_s: int | None = None, set_to: int | None = None) -> int:
        """Moves or sets the clock, or only reads it. Returns seconds since the epoch."""
        order: JsonObject = {"advance_s": advance_s, "set": set_to}
        return cast("int", cast("JsonObject", self._post("clock", order))["now"])

    def search_lag(self, seconds: int) -> None:
        """Search finds nothing younger than this."""
        self._post("search_lag", {"seconds": seconds})

    def journal(self, after: int = 0) -> list[JsonObject]:
        """Lines of money after that sequence number."""
        return cast("list[JsonObject]", self._post("journal", {"after": after}))

    def requests(self) -> list[JsonObject]:
        """The API's last requests: method, path, encoded parameters, key, status, replayed, fault."""
        return cast("list[JsonObject]", self._get("requests"))

    def listen(self, url: str | None, secret: str | None) -> None:
        """Sends events there from now on; None: nowhere."""
        self._post("webhooks/listen", {"url": url, "secret": secret})

    def webhooks(
        self,
        *,
        types: str = "*",
        copies: int = 1,
        delay_ms: int = 0,
        drop: bool = False,
        forged: bool = False,
        stale_s: int = 0,
        hold: bool = False,
    ) -> None:
        """How events are delivered from now on (webhooks.py, Policy); without arguments, plainly again."""
        order: JsonObject = {
            "types": types,
            "copies": copies,
            "delay_ms": delay_ms,
            "drop": drop,
            "forged": forged,
            "stale_s": stale_s,
            "hold": hold,
        }
        self._post("webhooks/policy", order)

    def release_webhooks(
        self, order: Literal["as_made", "reversed", "shuffled"] = "as_made", seed: int = 0
    ) -> list[str]:
        """Sends what was held. Returns the event ids in the order they go."""
        return cast("list[str]", self._post("webhooks/release", {"order": order, "seed": seed}))

    def resend_webhook(self, event: str, *, copies: int = 1, forged: bool = False, stale_s: int = 0) -> None:
        self._post("webhooks/resend", {"event": event, "copies": copies, "forged": forged, "stale_s": stale_s})

    def deliveries(self) -> list[JsonObject]:
        """Attempts so far: event, type, attempt, status."""
        return cast("list[JsonObject]", cast("JsonObject", self._get("webhooks"))["attempts"])

    def webhooks_idle(self) -> bool:
        """Every event that is not held or dropped has been received."""
        return cast("JsonObject", self._get("webhooks"))["idle"] is True

    def customer(
        self,
        customer: str,
        *,
        cards: Sequence[tuple[str, str]] = (),
        default: str | None = None,
        email: str | None = None,
        name: str | None = None,
    ) -> JsonObject:
        """Seeds a customer with a chosen id and cards as (payment method id, test card): ("pm_ada", "pm_card_visa")."""
        methods: list[Json] = [{"id": identifier, "card": card} for identifier, card in cards]
        order: JsonObject = {
            "id": customer,
            "payment_methods": methods,
            "default_payment_method": default or (cards[0][0] if cards else None),
            "email": email,
            "name": name,
        }
        return cast("JsonObject", self._post("customers", order))

    def complete_authentication(self, url_or_intent: str, *, passed: bool = True) -> JsonObject:
        """Ends an open 3D Secure challenge, named by its page's address or its PaymentIntent. Returns the intent."""
        intent = url_or_intent
        if "/3ds/" in url_or_intent:
            intent = url_or_intent.partition("/3ds/")[2].partition("/")[0]
        return cast("JsonObject", self._post("authentication", {"payment_intent": intent, "passed": passed}))

    def settle(self, identifier: str, *, succeeds: bool | None = None) -> JsonObject:
        """Ends a `processing` PaymentIntent or a pending refund, by its card's script unless told."""
        return cast("JsonObject", self._post("settle", {"id": identifier, "succeeds": succeeds}))

    def open_dispute(self, payment_intent: str, reason: str = "fraudulent") -> JsonObject:
        return cast("JsonObject", self._post("disputes", {"payment_intent": payment_intent, "reason": reason}))

    def end_dispute(self, dispute: str, status: Literal["won", "lost"]) -> JsonObject:
        return cast("JsonObject", self._post("disputes/end", {"id": dispute, "status": status}))

    def healthy(self) -> bool:
        try:
            return cast("JsonObject", self._get("health"))["ok"] is True
        except OSError:
            return False

    def _get(self, what: str) -> Json:
        return self._call("GET", what, None)

    def _post(self, what: str, order: JsonObject) -> Json:
        return self._call("POST", what, json.dumps(order))

    def _call(self, method: str, what: str, body: str | None) -> Json:
        connection = http.client.HTTPConnection(*self._address, timeout=TIMEOUT_S)
        try:
            connection.request(method, f"/_sandbox/{what}", body)
            response = connection.getresponse()
            value = cast("Json", json.loads(response.read()))
            if response.status != 200:
                raise SandboxRefused(cast("JsonObject", value)["error"])
            return value
        finally:
            connection.close()
