"""The control API under /_sandbox/: what a test or the demo orders, and what it may read. Not Stripe's name space.

JSON in, JSON out, no key: the sandbox listens on the loopback only. control.py is its client.
"""

import json
from collections.abc import Callable
from dataclasses import fields
from typing import Literal, TypeVar

from deploy.stripe_sandbox import attempts
from deploy.stripe_sandbox.cards import is_test_token, script_of
from deploy.stripe_sandbox.disputing import close_dispute, open_dispute
from deploy.stripe_sandbox.exchange import Outgoing
from deploy.stripe_sandbox.faults import Fault
from deploy.stripe_sandbox.objects.charge import Charge
from deploy.stripe_sandbox.objects.customer import Customer
from deploy.stripe_sandbox.objects.dispute import Dispute
from deploy.stripe_sandbox.objects.event import Event
from deploy.stripe_sandbox.objects.payment_intent import PaymentIntent
from deploy.stripe_sandbox.objects.payment_method import PaymentMethod
from deploy.stripe_sandbox.objects.record import Record
from deploy.stripe_sandbox.objects.refund import Refund
from deploy.stripe_sandbox.refunding import settle_refund
from deploy.stripe_sandbox.sandbox import Sandbox
from deploy.stripe_sandbox.store import Transaction
from deploy.stripe_sandbox.values import Json, JsonObject, flag, nested, text, whole
from deploy.stripe_sandbox.webhooks import Policy

PREFIX = "/_sandbox/"
R = TypeVar("R", bound=Record)
Action = Callable[["Control", JsonObject], Json]


class Refused(Exception):
    """The order makes no sense; answered 400 with the reason."""


class Control:
    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    def answer(self, method: str, path: str, body: bytes) -> Outgoing:
        action = ACTIONS.get((method, path.removeprefix(PREFIX)))
        if action is None:
            return reply(404, {"error": f"no such control: {method} {path}"})
        try:
            order = json.loads(body) if body else {}
            if not isinstance(order, dict):
                raise Refused("the body must be a JSON object")
            return reply(200, action(self, order))
        except (Refused, ValueError, TypeError) as problem:
            return reply(400, {"error": str(problem)})

    def begin(self) -> Transaction:
        return self.sandbox.store.begin(self.sandbox.clock.now())

    def found(self, transaction: Transaction, kind: type[R], identifier: str | None) -> R:
        record = transaction.find(kind, identifier or "")
        if record is None:
            raise Refused(f"no such {kind.KIND}: {identifier}")
        return record


def reply(status: int, value: Json) -> Outgoing:
    return Outgoing(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def health(control: Control, order: JsonObject) -> Json:
    return {"ok": True, "journal": control.sandbox.store.journal.last}


def journal(control: Control, order: JsonObject) -> Json:
    """Lines after `after` (0: all), as they are in the file."""
    with control.sandbox.store.lock:
        return [*control.sandbox.store.journal.rows(whole(order, "after") or 0)]


def requests(control: Control, order: JsonObject) -> Json:
    return [*control.sandbox.exchange.requests]


def fault(control: Control, order: JsonObject) -> Json:
    known = {field.name for field in fields(Fault) if field.name not in ("struck", "waiting", "released")}
    unknown = set(order) - known
    if unknown:
        raise Refused(f"unknown field of a fault: {', '.join(sorted(unknown))}")
    return control.sandbox.faults.add(Fault(**{"id": "", **order})).shown()  # type: ignore[arg-type]  # names checked


def faults(control: Control, order: JsonObject) -> Json:
    return [*control.sandbox.faults.shown()]


def release_fault(control: Control, order: JsonObject) -> Json:
    if not control.sandbox.faults.release(text(order, "id") or ""):
        raise Refused(f"no such fault: {order.get('id')}")
    return {}


def clear_faults(control: Control, order: JsonObject) -> Json:
    control.sandbox.faults.clear()
    return {}


def clock(control: Control, order: JsonObject) -> Json:
    """`advance_s` moves it, `set` puts it to a second since the epoch; either way it runs on."""
    advance, absolute = whole(order, "advance_s"), whole(order, "set")
    if absolute is not None:
        control.sandbox.clock.set(absolute)
    if advance is not None:
        control.sandbox.clock.advance(advance)
    control.sandbox.keep_clock()
    return {"now": control.sandbox.clock.now()}


def search_lag(control: Control, order: JsonObject) -> Json:
    control.sandbox.exchange.search_lag_s = whole(order, "seconds") or 0
    return {}


def listen(control: Control, order: JsonObject) -> Json:
    """Where events go from now on; without a url, nowhere."""
    control.sandbox.webhooks.listen(text(order, "url"), text(order, "secret"))
    return {}


def webhook_policy(control: Control, order: JsonObject) -> Json:
    """Replaces the policy; an empty order makes deliveries plain again."""
    control.sandbox.webhooks.policy = Policy(**order)  # type: ignore[arg-type]  # a wrong name is a TypeError, answered 400
    return {}


def release_webhooks(control: Control, order: JsonObject) -> Json:
    return [*control.sandbox.webhooks.release(text(order, "order") or "as_made", whole(order, "seed") or 0)]


def resend_webhook(control: Control, order: JsonObject) -> Json:
    with control.sandbox.store.lock:
        event = control.found(control.begin(), Event, text(order, "event"))
    policy = Policy(
        copies=whole(order, "copies") or 1, forged=flag(order, "forged"), stale_s=whole(order, "stale_s") or 0
    )
    control.sandbox.webhooks.resend(event, policy)
    return {}


def deliveries(control: Control, order: JsonObject) -> Json:
    return {"attempts": [*control.sandbox.webhooks.attempts], "idle": control.sandbox.webhooks.idle()}


def seed_customer(control: Control, order: JsonObject) -> Json:
    """A customer, and its saved cards, under ids chosen by the caller; once more with the same ids changes them.

    {"id", "email", "name", "payment_methods": [{"id", "card", "set_up"}], "default_payment_method"}. Unlike Stripe's
    attach this saves declining cards too, so that a directory on file can have one.
    """
    with control.sandbox.store.lock:
        transaction = control.begin()
        identifier = text(order, "id")
        if identifier is None or not identifier.startswith("cus_"):
            raise Refused("a customer's id begins with cus_")
        seen = transaction.find(Customer, identifier)
        methods = [method for method in as_list(order.get("payment_methods")) if isinstance(method, dict)]
        for method in methods:
            seed_method(transaction, identifier, method)
        customer = Customer(
            id=identifier,
            created=seen.created if seen is not None else transaction.now,
            email=text(order, "email"),
            name=text(order, "name"),
            default_payment_method=text(order, "default_payment_method"),
            metadata={name: str(value) for name, value in nested(order, "metadata").items()},
        )
        transaction.put(customer)
        control.sandbox.store.commit(transaction)
        return customer.wire()


def seed_method(transaction: Transaction, customer: str, order: JsonObject) -> None:
    identifier, card = text(order, "id"), text(order, "card") or "pm_card_visa"
    if identifier is None or not identifier.startswith("pm_") or is_test_token(identifier):
        raise Refused(f"a payment method's id begins with pm_ and is no test token: {identifier}")
    if not is_test_token(card):
        raise Refused(f"no such test card: {card}")
    transaction.put(
        PaymentMethod(
            id=identifier,
            created=transaction.now,
            script=script_of(card).token,
            customer=customer,
            set_up=flag(order, "set_up"),
        )
    )


def as_list(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def authentication(control: Control, order: JsonObject) -> Json:
    """Completes (`passed`) or fails the open challenge of `payment_intent`, as the buyer would on the page."""
    with control.sandbox.store.lock:
        intent = control.found(control.begin(), PaymentIntent, text(order, "payment_intent"))
        if not intent.challenge:
            raise Refused(f"{intent.id} is {intent.status} and asks for no authentication")
        return control.sandbox.page.conclude(intent, passed=order.get("passed") is not False).wire()


def settle(control: Control, order: JsonObject) -> Json:
    """Ends what hangs: a `processing` PaymentIntent or a refund, as its card's script has it, or by `succeeds`."""
    with control.sandbox.store.lock:
        transaction = control.begin()
        identifier = text(order, "id") or ""
        wire = settle_one(control, transaction, identifier, order)
        control.sandbox.store.commit(transaction)
        return wire


def settle_one(control: Control, transaction: Transaction, identifier: str, order: JsonObject) -> JsonObject:
    if identifier.startswith("re_"):
        refund = control.found(transaction, Refund, identifier)
        if refund.settles is None:
            raise Refused(f"{identifier} is {refund.status} for good")
        return settle_refund(transaction, refund).wire()
    intent = control.found(transaction, PaymentIntent, identifier)
    charge = transaction.find(Charge, intent.latest_charge or "")
    if intent.status != "processing" or charge is None:
        raise Refused(f"{identifier} is {intent.status}, not processing")
    chosen = order.get("succeeds")
    succeeds = chosen if isinstance(chosen, bool) else charge.card.processing != "fails"
    return attempts.settle(transaction, intent, succeeds=succeeds).wire()


def dispute(control: Control, order: JsonObject) -> Json:
    """Opens one on `payment_intent` or `charge`, for a `reason`."""
    with control.sandbox.store.lock:
        transaction = control.begin()
        named = text(order, "payment_intent")
        intent = control.found(transaction, PaymentIntent, named) if named else None
        charge = control.found(transaction, Charge, intent.latest_charge if intent else text(order, "charge"))
        if charge.amount_captured == 0 or charge.disputed:
            raise Refused(f"{charge.id} cannot be disputed")
        opened = open_dispute(transaction, charge, text(order, "reason") or "fraudulent")
        control.sandbox.store.commit(transaction)
        return opened.wire()


def end_dispute(control: Control, order: JsonObject) -> Json:
    with control.sandbox.store.lock:
        transaction = control.begin()
        opened = control.found(transaction, Dispute, text(order, "id"))
        ending = ENDINGS.get(text(order, "status") or "")
        if ending is None:
            raise Refused("status must be won or lost")
        if opened.status != "needs_response":
            raise Refused(f"{opened.id} is {opened.status} already")
        closed = close_dispute(transaction, opened, ending)
        control.sandbox.store.commit(transaction)
        return closed.wire()


ENDINGS: dict[str, Literal["won", "lost"]] = {"won": "won", "lost": "lost"}
ACTIONS: dict[tuple[str, str], Action] = {
    ("GET", "health"): health,
    ("POST", "journal"): journal,
    ("GET", "requests"): requests,
    ("POST", "faults"): fault,
    ("GET", "faults"): faults,
    ("POST", "faults/release"): release_fault,
    ("POST", "faults/clear"): clear_faults,
    ("POST", "clock"): clock,
    ("POST", "search_lag"): search_lag,
    ("POST", "webhooks/listen"): listen,
    ("POST", "webhooks/policy"): webhook_policy,
    ("POST", "webhooks/release"): release_webhooks,
    ("POST", "webhooks/resend"): resend_webhook,
    ("GET", "webhooks"): deliveries,
    ("POST", "customers"): seed_customer,
    ("POST", "authentication"): authentication,
    ("POST", "settle"): settle,
    ("POST", "disputes"): dispute,
    ("POST", "disputes/end"): end_dispute,
}
