"""Every object the sandbox writes has the shape that Stripe's description gives it."""

from typing import Any

import pytest
import stripe
from stripe import params as sdk_params

from deploy.stripe_sandbox.api.routes import ROUTES, Route
from deploy.stripe_sandbox.parameters import fields_of
from tests.contract.stripe_sandbox.sdk_shapes import problems_of_object
from tests.contract.stripe_sandbox.shop import Shop, details, intent_in

KINDS: dict[str, type[stripe.StripeObject]] = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "refund": stripe.Refund,
}
# Fields of each object that Stripe's OpenAPI description requires although they may be null; the SDK's types cannot
# tell these from optional ones.
REQUIRED_NULLABLE: dict[str, str] = {
    "payment_intent": "application application_fee_amount automatic_payment_methods canceled_at cancellation_reason"
    " client_secret customer customer_account description excluded_payment_method_types last_payment_error"
    " latest_charge managed_payments next_action on_behalf_of payment_method payment_method_configuration_details"
    " payment_method_options processing receipt_email review setup_future_usage shipping source statement_descriptor"
    " statement_descriptor_suffix transfer_data transfer_group",
    "charge": "application application_fee application_fee_amount balance_transaction calculated_statement_descriptor"
    " customer description failure_balance_transaction failure_code failure_message fraud_details on_behalf_of outcome"
    " payment_intent payment_method payment_method_details receipt_email receipt_number receipt_url review shipping"
    " source_transfer statement_descriptor statement_descriptor_suffix transfer_data transfer_group",
    "customer": "default_source description email shipping",
    "payment_method": "customer",
    "refund": "balance_transaction charge metadata payment_intent reason receipt_number source_transfer_reversal status"
    " transfer_reversal",
    "dispute": "payment_intent",
    "event": "api_version request",
}


def check(wire: object) -> None:
    """Fails with every difference; goes into lists, events and whatever else holds objects."""
    assert isinstance(wire, dict)
    kind = wire["object"]
    found = problems_of_object(wire, KINDS[kind], kind)
    found += [f"{kind}.{name}: absent" for name in REQUIRED_NULLABLE.get(kind, "").split() if name not in wire]
    assert not found
    if kind == "event":
        check(wire["data"]["object"])
    if kind == "payment_intent" and wire["last_payment_error"] and "payment_method" in wire["last_payment_error"]:
        check(wire["last_payment_error"]["payment_method"])


def wire_of(thing: stripe.StripeObject) -> dict[str, Any]:
    return thing.to_dict()


def test_each_state_of_a_payment_intent_has_stripes_shape(shop: Shop) -> None:
    customer = shop.customer(("pm_ok", "pm_card_visa"), ("pm_bank", "pm_card_authenticationRequired"))
    intents = shop.client.v1.payment_intents
    bare = intents.create({"amount": 1000, "currency": "usd"})
    with_method = intents.create({"amount": 1000, "currency": "usd", "payment_method": "pm_card_visa"})
    paid = shop.buy("pm_ok", customer=customer, metadata={"purchase": "p1"})
    asking = shop.buy("pm_bank", customer=customer)
    asking_with_redirect = shop.buy("pm_bank", customer=customer, return_url="https://refill.test/back")
    processing = shop.buy("pm_sandbox_processingThenSucceeds")
    held = shop.buy(capture_method="manual")
    canceled = intents.cancel(bare.id, {"cancellation_reason": "abandoned"})
    states = (bare, with_method, paid, asking, asking_with_redirect, processing, held, canceled)

    for intent in states:
        check(wire_of(intent))

    assert [intent.status for intent in states] == [
        "requires_payment_method",
        "requires_confirmation",
        "succeeded",
        "requires_action",
        "requires_action",
        "processing",
        "requires_capture",
        "canceled",
    ]


def test_errors_have_stripes_shape_with_the_payment_intent_inside(shop: Shop) -> None:
    customer = shop.customer(("pm_bank", "pm_card_authenticationRequired"))
    declined = shop.refused("pm_card_chargeDeclinedExpiredCard")
    away = shop.refused("pm_bank", customer=customer, off_session=True)

    for problem in (declined, away):
        assert isinstance(problem.json_body, dict)
        body = problem.json_body["error"]
        inner = {name: value for name, value in body.items() if name not in ("payment_intent", "payment_method")}
        assert not problems_of_object(inner, stripe.ErrorObject, "error")
        check(body["payment_intent"])
        check(body["payment_method"])
        assert intent_in(problem).last_payment_error is not None
        assert details(problem).request_log_url is not None


def test_money_objects_have_stripes_shape(shop: Shop) -> None:
    intent = shop.buy()
    shop.client.v1.refunds.create({"payment_intent": intent.id, "amount": 300, "reason": "duplicate"})
    pending = shop.client.v1.refunds.create({"payment_intent": shop.buy("pm_card_pendingRefund").id})
    shop.refused("pm_card_visa_chargeDeclined")
    dispute = shop.control.open_dispute(intent.id)
    shop.control.settle(pending.id)
    failing = shop.client.v1.refunds.create({"payment_intent": shop.buy("pm_card_refundFail").id})
    shop.control.settle(failing.id)
    won = shop.control.end_dispute(str(dispute["id"]), "won")
    v1 = shop.client.v1

    for listing in (v1.charges.list(), v1.refunds.list(), v1.disputes.list(), v1.events.list({"limit": 100})):
        for item in listing.data:
            check(wire_of(item))
    check(wire_of(pending))
    check(wire_of(failing))
    check(dispute)
    check(won)
    movements = won["balance_transactions"]
    assert isinstance(movements, list)
    assert len(movements) == 2
    for movement in movements:
        check(movement)


def test_customers_cards_and_events_have_stripes_shape(shop: Shop) -> None:
    v1 = shop.client.v1
    customer = v1.customers.create({"email": "ada@refill.test", "payment_method": "pm_card_mastercard"})
    shop.buy("pm_card_authenticationRequired", customer=customer.id)
    shop.buy("pm_card_createDispute", setup_future_usage="off_session", customer=customer.id)
    events = v1.events.list({"limit": 100}).data

    check(wire_of(customer))
    for method in v1.customers.payment_methods.list(customer.id).data:
        check(wire_of(method))
    for event in events:
        check(wire_of(event))
    assert {"customer.created", "payment_method.attached", "charge.dispute.created"} <= {event.type for event in events}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.pattern.pattern}")
def test_every_modelled_parameter_exists_at_stripe(route: Route) -> None:
    assert route.modelled <= set(fields_of(route.operation))
    assert route.operation.__module__.startswith(sdk_params.__name__)
