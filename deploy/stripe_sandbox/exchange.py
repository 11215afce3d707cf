"""One request to the API and its reply: the order of the layers is the design.

Key, version and address are checked; faults that stand for rate limiters strike; the idempotency layer answers or takes
the key; parameters are read; the endpoint runs in a transaction that is on the disk, with the reply saved under the
key, before a byte leaves.
"""

import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from deploy.stripe_sandbox.access import account_of, check_version
from deploy.stripe_sandbox.api.call import Call
from deploy.stripe_sandbox.api.expand import expand
from deploy.stripe_sandbox.api.routes import Route, find_route
from deploy.stripe_sandbox.clock import Clock
from deploy.stripe_sandbox.errors import ApiError, unknown_url
from deploy.stripe_sandbox.faults import Fault, Faults
from deploy.stripe_sandbox.form import decode
from deploy.stripe_sandbox.idempotency import IdempotencyKeys, Keyed, fingerprint_of, saved_reply
from deploy.stripe_sandbox.ids import new_id
from deploy.stripe_sandbox.objects.event import API_VERSION
from deploy.stripe_sandbox.parameters import read_parameters
from deploy.stripe_sandbox.store import Store, Transaction
from deploy.stripe_sandbox.values import JsonObject

REQUESTS_KEPT = 10_000


@dataclass(frozen=True)
class Incoming:
    """headers: names in lower case; encoded: the query of a GET, the body of a POST."""

    method: str
    path: str
    headers: Mapping[str, str]
    encoded: str
    base_url: str


@dataclass(frozen=True)
class Outgoing:
    """ending: whole; cut after half of the body; reset without a byte."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    ending: Literal["whole", "cut", "reset"] = "whole"


@dataclass(frozen=True)
class Answer:
    """A reply before it is written. original: the request that was executed, when this replays it."""

    status: int
    body: JsonObject
    headers: dict[str, str] = field(default_factory=dict)
    original: str | None = None


# "We expect the stripe-should-retry header to be false in most cases when a 500 is returned, since our idempotency
# framework would typically replay it anyway" (stripe/_http_client.py, `_should_retry`).
FINAL = {"Stripe-Should-Retry": "false"}
NO_REPLY = Outgoing(0, b"", ending="reset")


class Exchange:
    def __init__(self, store: Store, clock: Clock, faults: Faults) -> None:
        self._store = store
        self._clock = clock
        self._faults = faults
        self._keys = IdempotencyKeys(store)
        self.search_lag_s = 0
        self.requests: deque[JsonObject] = deque(maxlen=REQUESTS_KEPT)

    def answer(self, incoming: Incoming) -> Outgoing:
        request_id = new_id("req", 14)
        fault = self._faults.take(incoming.method, incoming.path)
        answer = self._guarded(incoming, request_id, fault)
        self._log(incoming, request_id, answer, fault)
        return self._written(incoming, request_id, answer, fault)

    def _guarded(self, incoming: Incoming, request_id: str, fault: Fault | None) -> Answer | None:
        """None: the connection is reset."""
        try:
            account = account_of(incoming.headers)
            check_version(incoming.headers)
            found = find_route(incoming.method, incoming.path)
            if found is None:
                raise unknown_url(incoming.method, incoming.path)
            if fault is not None and fault.at_once:
                return self._struck(fault, request_id)
            key = incoming.headers.get("idempotency-key") if incoming.method == "POST" else None
            keyed = key and Keyed(account, key, incoming.method, incoming.path, fingerprint_of(incoming.encoded))
            return self._keyed(incoming, request_id, found, keyed or None, fault)
        except ApiError as problem:
            return Answer(problem.status, problem.envelope(request_id), problem.headers)

    def _struck(self, fault: Fault, request_id: str) -> Answer | None:
        if fault.action == "reset":
            return None
        problem = fault.error()
        return Answer(problem.status, problem.envelope(request_id), problem.headers)

    def _keyed(
        self,
        incoming: Incoming,
        request_id: str,
        found: tuple[Route, tuple[str, ...]],
        keyed: Keyed | None,
        fault: Fault | None,
    ) -> Answer | None:
        if keyed is None:
            return self._executed(incoming, request_id, found, None, fault)
        with self._store.lock:
            saved = self._keys.begin(keyed, self._clock.now())
        if saved is not None:
            headers = {"Idempotent-Replayed": "true"} | (FINAL if saved.status >= 500 else {})
            return Answer(saved.status, saved.body, headers, saved.request_id)
        try:
            return self._executed(incoming, request_id, found, keyed, fault)
        finally:
            with self._store.lock:
                self._keys.finish(keyed)

    def _executed(
        self,
        incoming: Incoming,
        request_id: str,
        found: tuple[Route, tuple[str, ...]],
        keyed: Keyed | None,
        fault: Fault | None,
    ) -> Answer | None:
        route, named = found
        params = read_parameters(route.operation, decode(incoming.encoded), route.modelled)
        strikes_before = fault is not None and fault.stage == "before"
        if fault is not None and strikes_before:
            fault.pause()
            if fault.action in ("error", "reset") and not fault.save:
                return self._struck(fault, request_id)
        with self._store.lock:
            transaction = self._store.begin(self._clock.now(), request_id, keyed.key if keyed else None)
            call = Call(transaction, incoming.path, named, params, incoming.base_url, self.search_lag_s)
            if fault is not None and strikes_before and fault.save:
                answer, executed = self._refused(fault, request_id), True
            else:
                answer, executed = self._run(route, call, request_id)
                if fault is not None and fault.save and fault.action == "error":
                    answer, executed = self._refused(fault, request_id), True
            if keyed is not None and executed:
                transaction.put(saved_reply(keyed, transaction, request_id, answer.status, answer.body))
            self._store.commit(transaction)
        return answer

    def _refused(self, fault: Fault, request_id: str) -> Answer:
        problem = fault.error()
        headers = (FINAL if fault.save else {}) | problem.headers
        return Answer(problem.status, problem.envelope(request_id), headers)

    def _run(self, route: Route, call: Call, request_id: str) -> tuple[Answer, bool]:
        """The endpoint's answer and whether it is to be saved. What a refused request drafted is discarded."""
        transaction: Transaction = call.transaction
        try:
            return Answer(200, expand(call, route.handler(call))), True
        except ApiError as problem:
            if not problem.keeps_effects:
                transaction.discard()
            return Answer(problem.status, problem.envelope(request_id), problem.headers), problem.executed

    def _written(self, incoming: Incoming, request_id: str, answer: Answer | None, fault: Fault | None) -> Outgoing:
        if answer is None:
            return NO_REPLY
        if fault is not None and fault.stage == "after":
            fault.pause()
            if fault.action == "reset":
                return NO_REPLY
            if fault.action == "error":
                answer = self._refused(fault, request_id)
        headers = {
            "Content-Type": "application/json",
            "Request-Id": request_id,
            "Stripe-Version": incoming.headers.get("stripe-version", API_VERSION),
            **answer.headers,
        }
        key = incoming.headers.get("idempotency-key")
        if key and incoming.method == "POST":
            # On a first request it names the request itself (API reference, "Request IDs").
            headers |= {"Idempotency-Key": key, "Original-Request": answer.original or request_id}
        body = json.dumps(answer.body, indent=2).encode()
        if fault is not None and fault.action == "garbage":
            return Outgoing(answer.status, b"<html><body>Bad gateway</body></html>", headers)
        cut = fault is not None and fault.stage == "after" and fault.action == "cut"
        return Outgoing(answer.status, body, headers, "cut" if cut else "whole")

    def _log(self, incoming: Incoming, request_id: str, answer: Answer | None, fault: Fault | None) -> None:
        row: JsonObject = {
            "request_id": request_id,
            "method": incoming.method,
            "path": incoming.path,
            "encoded": incoming.encoded,
            "idempotency_key": incoming.headers.get("idempotency-key"),
            "stripe_version": incoming.headers.get("stripe-version"),
            "status": answer.status if answer is not None else None,
            "replayed": answer is not None and answer.original is not None,
            "fault": fault.id if fault is not None else None,
        }
        self.requests.append(row)
