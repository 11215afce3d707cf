"""What the tests buy with: the SDK, the control API, and a customer with cards."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import stripe

from deploy.stripe_sandbox.control import SandboxControl
from deploy.stripe_sandbox.values import JsonObject

KEY = "sk_test_contract"
CUSTOMER = "cus_shop"


@contextmanager
def sdk(url: str, key: str = KEY, retries: int = 0) -> Iterator[stripe.StripeClient]:
    """The official client as anyone makes it; its sockets are closed afterwards."""
    http = stripe.new_default_http_client(timeout=(3, 20))
    try:
        yield stripe.StripeClient(key, base_addresses={"api": url}, http_client=http, max_network_retries=retries)
    finally:
        http.close()  # type: ignore[no-untyped-call]  # the SDK leaves it without types


@dataclass(frozen=True)
class Shop:
    client: stripe.StripeClient
    control: SandboxControl

    def customer(self, *cards: tuple[str, str]) -> str:
        """Seeds cus_shop with (payment method id, test card)."""
        self.control.customer(CUSTOMER, cards=cards)
        return CUSTOMER

    def buy(self, payment_method: str = "pm_card_visa", key: str | None = None, **more: Any) -> stripe.PaymentIntent:
        """Creates and confirms a PaymentIntent of 10.00 USD, cards only."""
        params: Any = {
            "amount": 1000,
            "currency": "usd",
            "confirm": True,
            "payment_method": payment_method,
            "allowed_payment_method_types": ["card"],
            **more,
        }
        return self.client.v1.payment_intents.create(params, {"idempotency_key": key} if key else {})

    def refused(self, payment_method: str = "pm_card_visa", key: str | None = None, **more: Any) -> stripe.StripeError:
        """The error that the same purchase ends in."""
        try:
            self.buy(payment_method, key, **more)
        except stripe.StripeError as problem:
            return problem
        raise AssertionError("the purchase was not refused")

    def effects(self) -> list[tuple[str, int]]:
        """The journal as (effect, amount)."""
        return [(str(line["effect"]), int(str(line["amount_minor"]))) for line in self.control.journal()]

    def last_line(self) -> JsonObject:
        return self.control.journal()[-1]


def details(problem: stripe.StripeError) -> stripe.ErrorObject:
    """The error object of a failure, which the SDK types as optional."""
    assert problem.error is not None
    return problem.error


def intent_in(problem: stripe.StripeError) -> stripe.PaymentIntent:
    """The PaymentIntent that a payment error carries."""
    intent = details(problem).payment_intent
    assert intent is not None
    return intent
