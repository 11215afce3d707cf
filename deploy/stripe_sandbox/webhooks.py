"""Sends events to the webhook endpoint (Stripe docs, "Receive Stripe events in your webhook endpoint").

Signed as `Stripe-Signature: t=<seconds>,v1=<HMAC-SHA256 of "<t>.<body>" under the endpoint's secret>`, with a fresh
timestamp at every attempt; "any 2xx" counts as received, everything else is retried with growing pauses. Stripe
promises neither order nor single delivery; a policy makes it so on demand: doubled, delayed, held and
shuffled, dropped, forged, stale.
"""

import heapq
import hmac
import http.client
import itertools
import json
import random
import threading
import time
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Literal
from urllib.parse import urlsplit

from deploy.stripe_sandbox.clock import Clock
from deploy.stripe_sandbox.objects.delivery import Delivery
from deploy.stripe_sandbox.objects.event import Event
from deploy.stripe_sandbox.objects.setting import Setting
from deploy.stripe_sandbox.store import Store, Transaction
from deploy.stripe_sandbox.values import Json, JsonObject, text

# Stripe waits hours between attempts and gives up after three days; a test has no hours, so the steps are short and it
# never gives up. Doubled each time, up to the cap.
RETRY_FIRST_S = 0.1
RETRY_CAP_S = 5.0
TIMEOUT_S = 10.0
ATTEMPTS_KEPT = 10_000
WRONG_SECRET = "whsec_of_somebody_else"  # noqa: S105 (signs forgeries on purpose)
ENDPOINT = "webhook_endpoint"


@dataclass(frozen=True)
class Policy:
    """types: shell pattern of the event types it is about; all others go plainly.

    copies: sent so many times; stale_s: the signature is so many seconds old; hold: kept until `release`.
    """

    types: str = "*"
    copies: int = 1
    delay_ms: int = 0
    drop: bool = False
    forged: bool = False
    stale_s: int = 0
    hold: bool = False

    @property
    def never_owed(self) -> bool:
        """What goes out is nothing, or a copy that the receiver must refuse: the genuine event is lost on the way."""
        return self.drop or self.forged or self.stale_s > 0


PLAIN = Policy()


@dataclass(order=True, frozen=True)
class Sending:
    """due: by the monotonic clock; turn: keeps the order of equals."""

    due: float
    turn: int
    event: str
    attempt: int = 0
    forged: bool = False
    stale_s: int = 0


def sign(payload: str, secret: str, timestamp: int) -> str:
    signature = hmac.new(secret.encode(), f"{timestamp}.{payload}".encode(), "sha256").hexdigest()
    return f"t={timestamp},v1={signature}"


class Webhooks:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._due: list[Sending] = []
        self._held: list[Event] = []
        self._turn = itertools.count()
        self._wake = threading.Condition()
        self._stopping = False
        self.policy = PLAIN
        self.attempts: list[JsonObject] = []
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        store.on_events = self.note
        store.after_commit = self.enqueue

    def start(self) -> None:
        """Begins to send; what was pending when the process last died goes first."""
        with self._store.lock:
            transaction = self._store.begin(self._clock.now())
            pending = [delivery.id for delivery in transaction.all(Delivery) if delivery.status == "pending"]
            self.enqueue([event for name in pending if (event := transaction.find(Event, name)) is not None])
        self._thread.start()

    def stop(self) -> None:
        with self._wake:
            self._stopping = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join(TIMEOUT_S)

    def endpoint(self) -> tuple[str, str] | None:
        """Address and secret; None while nobody listens, and then events are only listed."""
        with self._store.lock:
            setting = self._store.begin(0).find(Setting, ENDPOINT)
        if setting is None:
            return None
        url, secret = text(setting.value, "url"), text(setting.value, "secret")
        return (url, secret) if url and secret else None

    def listen(self, url: str | None, secret: str | None) -> None:
        with self._store.lock:
            transaction = self._store.begin(self._clock.now())
            value: JsonObject = {"url": url, "secret": secret}
            transaction.put(Setting(id=ENDPOINT, created=transaction.now, value=value))
            self._store.commit(transaction)

    def note(self, transaction: Transaction) -> None:
        """Part of the commit of an event: it is owed to the endpoint, or dropped."""
        if self.endpoint() is None:
            return
        for event in transaction.events:
            status: Literal["dropped", "pending"] = "dropped" if self.policy_for(event).never_owed else "pending"
            transaction.put(Delivery(id=event.id, created=event.created, status=status))

    def policy_for(self, event: Event) -> Policy:
        return self.policy if fnmatchcase(event.type, self.policy.types) else PLAIN

    def enqueue(self, events: list[Event]) -> None:
        if not events or self.endpoint() is None:
            return
        for event in events:
            policy = self.policy_for(event)
            if policy.drop:
                continue
            if policy.hold:
                self._held.append(event)
            else:
                self._schedule(event, policy)

    def _schedule(self, event: Event, policy: Policy) -> None:
        due = time.monotonic() + policy.delay_ms / 1000
        with self._wake:
            for _ in range(policy.copies):
                sending = Sending(due, next(self._turn), event.id, 0, policy.forged, policy.stale_s)
                heapq.heappush(self._due, sending)
            self._wake.notify()

    def release(self, order: str, seed: int) -> list[str]:
        """Sends what was held: as_made, reversed or shuffled (by the seed). Returns the event ids in that order."""
        with self._store.lock:
            held, self._held = self._held, []
        if order == "reversed":
            held.reverse()
        if order == "shuffled":
            random.Random(seed).shuffle(held)  # noqa: S311 (an order, not a secret)
        for event in held:
            self._schedule(event, replace(self.policy_for(event), hold=False))
        return [event.id for event in held]

    def resend(self, event: Event, policy: Policy) -> None:
        """Once more, whatever became of it before (the CLI's `stripe events resend`)."""
        self._schedule(event, policy)

    def idle(self) -> bool:
        """Nothing waits to be sent; what is held does not count."""
        with self._store.lock, self._wake:  # in this order everywhere: a commit holds the store's when it schedules
            deliveries = self._store.begin(0).all(Delivery)
            held = {event.id for event in self._held}
            return not self._due and all(d.status != "pending" or d.id in held for d in deliveries)

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._stopping and (not self._due or self._due[0].due > time.monotonic()):
                    self._wake.wait(self._due[0].due - time.monotonic() if self._due else None)
                if self._stopping:
                    return
                sending = heapq.heappop(self._due)
            self._send(sending)

    def _send(self, sending: Sending) -> None:
        endpoint = self.endpoint()
        with self._store.lock:
            event = self._store.begin(0).find(Event, sending.event)
        if endpoint is None or event is None:
            return
        url, secret = endpoint
        payload = json.dumps(event.wire(pending_webhooks=1), indent=2)
        signature = sign(payload, WRONG_SECRET if sending.forged else secret, int(time.time()) - sending.stale_s)
        status = post(url, payload, signature)
        received = status is not None and 200 <= status < 300
        attempt: dict[str, Json] = {"event": event.id, "type": event.type, "attempt": sending.attempt, "status": status}
        self.attempts = [*self.attempts[-ATTEMPTS_KEPT:], attempt]
        if received:
            self._delivered(event)
        elif not (sending.forged or sending.stale_s):
            # A forgery or a stale copy is somebody else's: refusing it is the right answer and nobody tries again.
            self._retry(sending)

    def _delivered(self, event: Event) -> None:
        with self._store.lock:
            transaction = self._store.begin(self._clock.now())
            transaction.put(Delivery(id=event.id, created=event.created, status="delivered"))
            self._store.commit(transaction)

    def _retry(self, sending: Sending) -> None:
        pause_s = min(RETRY_FIRST_S * 2**sending.attempt, RETRY_CAP_S)
        with self._wake:
            again = replace(sending, due=time.monotonic() + pause_s, turn=next(self._turn), attempt=sending.attempt + 1)
            heapq.heappush(self._due, again)


def post(url: str, payload: str, signature: str) -> int | None:
    """The endpoint's status; None when it could not be reached or did not answer in time."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port or 80, timeout=TIMEOUT_S)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "Stripe-Signature": signature,
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
    }
    try:
        connection.request("POST", parts.path or "/", payload.encode(), headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
