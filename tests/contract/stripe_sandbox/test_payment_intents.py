"""The life of a PaymentIntent ("How PaymentIntents work")."""

from typing import Any

import pytest
import stripe

from tests.contract.stripe_sandbox.shop import Shop, details, intent_in


def test_create_and_confirm_at_once_takes_the_money_once(shop: Shop) -> None:
    customer = shop.customer(("pm_ada", "pm_card_visa"))

    intent = shop.buy("pm_ada", "key-1", customer=customer, metadata={"purchase": "p1"}, description="3,000 credits")

    assert (intent.status, intent.amount_received, intent.customer) == ("succeeded", 1000, customer)
    charge = shop.client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.status, charge.paid, charge.amount_captured) == ("succeeded", True, 1000)
    line = shop.last_line()
    assert line["effect"] == "charge_succeeded"
    assert (line["amount_minor"], line["currency"], line["customer"]) == (1000, "usd", customer)
    assert (line["payment_intent"], line["charge"]) == (intent.id, charge.id)
    assert (line["metadata"], line["idempotency_key"]) == ({"purchase": "p1"}, "key-1")
    assert line["seq"] == 1


def test_create_alone_moves_nothing_and_confirm_moves_it(shop: Shop) -> None:
    intents = shop.client.v1.payment_intents
    intent = intents.create({"amount": 700, "currency": "eur", "allowed_payment_method_types": ["card"]})
    assert (intent.status, shop.effects()) == ("requires_payment_method", [])

    paid = intents.confirm(intent.id, {"payment_method": "pm_card_mastercard"})

    assert (paid.id, paid.status) == (intent.id, "succeeded")
    assert shop.effects() == [("charge_succeeded", 700)]


def test_confirm_after_success_is_refused_with_the_intent_and_charges_nothing(shop: Shop) -> None:
    intent = shop.buy()

    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.confirm(intent.id)

    assert (caught.value.http_status, caught.value.code) == (400, "payment_intent_unexpected_state")
    assert intent_in(caught.value).status == "succeeded"
    assert "already succeeded" in str(caught.value.user_message)
    assert len(shop.effects()) == 1


def test_confirm_without_a_payment_method_is_refused(shop: Shop) -> None:
    intent = shop.client.v1.payment_intents.create({"amount": 700, "currency": "eur"})

    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.confirm(intent.id)

    assert caught.value.code == "payment_intent_unexpected_state"
    assert "missing a payment method" in str(caught.value.user_message)


def test_a_customers_default_card_is_not_used_unless_it_is_named(shop: Shop) -> None:
    customer = shop.customer(("pm_ada", "pm_card_visa"))

    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.create({"amount": 700, "currency": "usd", "customer": customer, "confirm": True})

    assert caught.value.code == "payment_intent_unexpected_state"


def test_confirming_without_a_return_url_needs_cards_only(shop: Shop) -> None:
    problem = shop.refused(automatic_payment_methods={"enabled": True}, allowed_payment_method_types=None)

    assert isinstance(problem, stripe.InvalidRequestError)
    assert "you must provide a `return_url`" in str(problem.user_message)
    never = {"enabled": True, "allow_redirects": "never"}
    assert shop.buy(automatic_payment_methods=never, allowed_payment_method_types=None).status == "succeeded"
    assert shop.buy(allowed_payment_method_types=None, return_url="https://refill.test").status == "succeeded"


def test_the_retired_payment_method_types_is_refused_by_name(shop: Shop) -> None:
    problem = shop.refused(payment_method_types=["card"])

    assert problem.code == "payment_method_types_no_longer_supported"


def test_parameters_of_confirm_are_refused_on_a_create_that_does_not_confirm(shop: Shop) -> None:
    posted: Any = {"off_session": True, "return_url": "https://refill.test", "error_on_requires_action": True}
    for name in posted:
        one: Any = {name: posted[name]}
        problem = shop.refused(confirm=False, **one)

        assert isinstance(problem, stripe.InvalidRequestError)
        assert problem.param == name


def test_a_declined_intent_is_paid_by_another_method_on_the_same_intent(shop: Shop) -> None:
    problem = shop.refused("pm_card_visa_chargeDeclined")
    declined = intent_in(problem)
    assert (declined.status, declined.payment_method) == ("requires_payment_method", None)

    paid = shop.client.v1.payment_intents.confirm(declined.id, {"payment_method": "pm_card_visa"})

    assert (paid.id, paid.status, paid.last_payment_error) == (declined.id, "succeeded", None)
    assert shop.effects() == [("charge_declined", 1000), ("charge_succeeded", 1000)]


def test_cancel_closes_an_open_intent_and_refuses_a_paid_one(shop: Shop) -> None:
    intents = shop.client.v1.payment_intents
    unpaid = intents.create({"amount": 700, "currency": "eur"})

    canceled = intents.cancel(unpaid.id, {"cancellation_reason": "abandoned"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError) as confirming:
        intents.confirm(unpaid.id, {"payment_method": "pm_card_visa"})
    with pytest.raises(stripe.InvalidRequestError) as canceling:
        intents.cancel(shop.buy().id)
    assert confirming.value.code == canceling.value.code == "payment_intent_unexpected_state"


def test_update_changes_metadata_any_time_and_the_amount_only_before_the_money_moved(shop: Shop) -> None:
    intents = shop.client.v1.payment_intents
    intent = intents.create({"amount": 700, "currency": "eur", "metadata": {"a": "1", "b": "2"}})

    changed = intents.update(intent.id, {"amount": 900, "metadata": {"a": "", "c": "3"}})

    assert (changed.amount, changed.metadata.to_dict()) == (900, {"b": "2", "c": "3"})
    paid = intents.confirm(intent.id, {"payment_method": "pm_card_visa", "return_url": "https://refill.test"})
    assert intents.update(paid.id, {"metadata": ""}).metadata.to_dict() == {}
    with pytest.raises(stripe.InvalidRequestError) as caught:
        intents.update(paid.id, {"amount": 1})
    assert caught.value.code == "payment_intent_unexpected_state"


def test_processing_ends_as_the_cards_script_says(shop: Shop) -> None:
    good, bad = shop.buy("pm_sandbox_processingThenSucceeds"), shop.buy("pm_sandbox_processingThenFails")
    assert (good.status, bad.status) == ("processing", "processing")

    shop.control.settle(good.id)
    shop.control.settle(bad.id)

    intents = shop.client.v1.payment_intents
    assert intents.retrieve(good.id).status == "succeeded"
    failed = intents.retrieve(bad.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error is not None
    assert [kind for kind, _ in shop.effects()] == [
        "charge_pending",
        "charge_pending",
        "charge_succeeded",
        "charge_declined",
    ]


def test_a_processing_intent_cannot_be_confirmed_again(shop: Shop) -> None:
    intent = shop.buy("pm_sandbox_processingThenSucceeds")

    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})

    assert caught.value.code == "payment_intent_unexpected_state"


def test_manual_capture_takes_what_is_captured_and_releases_the_rest(shop: Shop) -> None:
    held = shop.buy(capture_method="manual")
    assert (held.status, held.amount_capturable, held.amount_received) == ("requires_capture", 1000, 0)

    taken = shop.client.v1.payment_intents.capture(held.id, {"amount_to_capture": 400})

    assert (taken.status, taken.amount_received, taken.amount_capturable) == ("succeeded", 400, 0)
    assert shop.effects() == [("charge_authorized", 1000), ("charge_succeeded", 400)]


def test_another_customers_card_is_refused(shop: Shop) -> None:
    shop.control.customer("cus_other", cards=[("pm_other", "pm_card_visa")])
    customer = shop.customer()

    mine = shop.refused("pm_other", customer=customer)
    nobodys = shop.refused("pm_other")

    assert "does not belong to the Customer" in str(mine.user_message)
    assert "Please include the Customer" in str(nobodys.user_message)
    assert details(mine).type == "invalid_request_error"


def test_setup_future_usage_saves_the_card_to_the_customer(shop: Shop) -> None:
    customer = shop.customer()

    intent = shop.buy("pm_card_visa", customer=customer, setup_future_usage="off_session")

    saved = shop.client.v1.customers.payment_methods.list(customer).data
    assert [method.id for method in saved] == [intent.payment_method]


def test_expand_puts_the_object_in_place_of_its_id(shop: Shop) -> None:
    intent = shop.buy(expand=["latest_charge", "payment_method"])

    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    listed = shop.client.v1.payment_intents.list({"expand": ["data.latest_charge"]}).data[0]
    assert isinstance(listed.latest_charge, stripe.Charge)
    with pytest.raises(stripe.InvalidRequestError, match=r"cannot be expanded \(status\)"):
        shop.client.v1.payment_intents.retrieve(intent.id, {"expand": ["status"]})
