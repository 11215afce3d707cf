"""Faults that a test orders for requests to come: before the effect, or after it and before the reply.

They stand for what a network and a distant server really do: "Advanced error handling" (connection errors, 409, 429 and
500 with `Stripe-Should-Retry`, and that a 500's effect is unknown) and stripe/_http_client.py (what the SDK retries).
"""

import threading
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Literal

from deploy.stripe_sandbox.errors import ApiError
from deploy.stripe_sandbox.values import JsonObject

# A held request that nobody releases must not outlive its test by much.
HOLD_LIMIT_S = 60
MESSAGES = {
    429: "Request rate limit exceeded. You can learn more about rate limits here https://stripe.com/docs/rate-limits.",
    409: "There is currently another in-progress request using this Idempotent Key (that probably means you submitted "
    "twice, and the other request is still going through). Please try again later.",
}
CODES = {429: "rate_limit", 409: "idempotency_key_in_use"}


@dataclass
class Fault:
    """method, path: what it strikes, as `POST` and the shell pattern `/v1/payment_intents*`; times: how many requests.

    stage: before the endpoint runs, or after its effect is durable.
    action: error (a reply with `status`), reset (the connection, without a byte), cut (half of the reply, then the
    end; after only), garbage (a body that is not JSON), none (only `delay_ms` or `hold`).
    save: keep the error under the idempotency key, so that retries replay it.
    hold: wait until `release` is called.
    """

    id: str
    method: str = "POST"
    path: str = "/v1/*"
    times: int = 1
    stage: Literal["before", "after"] = "before"
    action: Literal["error", "reset", "cut", "garbage", "none"] = "error"
    status: int = 500
    headers: dict[str, str] = field(default_factory=dict)
    delay_ms: int = 0
    hold: bool = False
    save: bool = False
    struck: int = 0
    waiting: int = 0
    released: threading.Event = field(default_factory=threading.Event, repr=False)

    @property
    def at_once(self) -> bool:
        """Strikes before the idempotency layer, as rate limiters do ("Advanced error handling", Content errors)."""
        ends_it = self.action in ("error", "reset")
        return self.stage == "before" and ends_it and not (self.hold or self.delay_ms or self.save)

    def error(self) -> ApiError:
        kind = "invalid_request_error" if self.status in (409, 429) else "api_error"
        message = MESSAGES.get(self.status, "An unknown error occurred")
        return ApiError(self.status, kind, message, code=CODES.get(self.status), executed=False, headers=self.headers)

    def pause(self) -> None:
        """Waits as ordered; call it without any lock."""
        self.waiting += 1
        if self.delay_ms:
            threading.Event().wait(self.delay_ms / 1000)
        if self.hold:
            self.released.wait(HOLD_LIMIT_S)
        self.waiting -= 1

    def shown(self) -> JsonObject:
        return {
            "id": self.id,
            "method": self.method,
            "path": self.path,
            "stage": self.stage,
            "action": self.action,
            "times": self.times,
            "struck": self.struck,
            "waiting": self.waiting,
        }


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queue: list[Fault] = []
        self._ordered = 0

    def add(self, fault: Fault) -> Fault:
        with self._lock:
            self._ordered += 1
            fault.id = fault.id or f"fault_{self._ordered}"
            self._queue.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The first fault that strikes this request, counted."""
        with self._lock:
            for fault in self._queue:
                if fault.struck < fault.times and method == fault.method and fnmatchcase(path, fault.path):
                    fault.struck += 1
                    return fault
        return None

    def release(self, identifier: str) -> bool:
        with self._lock:
            found = [fault for fault in self._queue if fault.id == identifier]
        for fault in found:
            fault.released.set()
        return bool(found)

    def clear(self) -> None:
        with self._lock:
            for fault in self._queue:
                fault.released.set()
            self._queue.clear()

    def shown(self) -> list[JsonObject]:
        with self._lock:
            return [fault.shown() for fault in self._queue]
