"""What Stripe refuses about a request's fields ("Errors", "Error codes")."""

from typing import Any

import pytest
import stripe

from tests.contract.stripe_sandbox.browser import visit
from tests.contract.stripe_sandbox.shop import KEY, Shop, details

REFUSED: list[tuple[dict[str, Any], str | None, str, str]] = [
    ({"amount": "abc"}, "parameter_invalid_integer", "amount", "Invalid integer: abc"),
    ({"amount": 10.5}, "parameter_invalid_integer", "amount", "Invalid integer: 10.5"),
    ({"amount": -5}, "parameter_invalid_integer", "amount", "greater than or equal to 1"),
    ({"amount": 0}, "parameter_invalid_integer", "amount", "greater than or equal to 1"),
    ({"amount": 10}, "amount_too_small", "amount", r"Amount must be at least \$0.50 usd"),
    ({"amount": 100_000_000}, "amount_too_large", "amount", r"Amount must be no more than \$999,999.99 usd"),
    ({"amount": None}, "parameter_missing", "amount", r"Missing required param: amount\."),
    ({"currency": None}, "parameter_missing", "currency", r"Missing required param: currency\."),
    ({"currency": ""}, "parameter_invalid_empty", "currency", "You passed an empty string for 'currency'"),
    ({"currency": "xxd"}, None, "currency", "Invalid currency: xxd. Stripe currently supports these currencies: usd"),
    ({"colour": "red"}, "parameter_unknown", "colour", "Received unknown parameter: colour"),
    ({"metadata": {"k" * 41: "v"}}, None, f"metadata[{'k' * 41}]", "at most 40 characters"),
    ({"confirm": "perhaps"}, None, "confirm", "Invalid boolean: perhaps"),
    ({"capture_method": "later"}, None, "capture_method", "must be one of automatic, automatic_async, or manual"),
    ({"amount": {"of": 5}}, None, "amount", "Invalid integer"),
    (
        {"payment_method_options": {"card": {"moto": "yes"}}},
        None,
        "payment_method_options[card][moto]",
        "Invalid boolean",
    ),
    ({"payment_method_options": {"card": {"moto": True}}}, None, "payment_method_options[card][moto]", "not model"),
    ({"payment_method_options": {"card": {"x": 1}}}, "parameter_unknown", "payment_method_options[card][x]", "unknown"),
    ({"customer": "cus_nothing"}, "resource_missing", "customer", "No such customer: 'cus_nothing'"),
    ({"payment_method": "pm_nothing"}, "resource_missing", "payment_method", "No such PaymentMethod: 'pm_nothing'"),
    ({"shipping": {"name": "A", "address": {"line1": "x"}}}, None, "shipping", "The sandbox does not model"),
]


@pytest.mark.parametrize(("change", "code", "param", "message"), REFUSED, ids=[f"{row[0]}"[:60] for row in REFUSED])
def test_a_wrong_field_is_refused_by_name(
    shop: Shop, change: dict[str, Any], code: str | None, param: str, message: str
) -> None:
    params: Any = {"amount": 1000, "currency": "usd", **change}

    with pytest.raises(stripe.InvalidRequestError, match=message) as caught:
        shop.client.v1.payment_intents.create(params)

    error = details(caught.value)
    assert (caught.value.http_status, error.type) == (400, "invalid_request_error")
    assert (caught.value.code, caught.value.param) == (code, param)
    assert shop.client.v1.payment_intents.list().data == []


def test_several_unknown_fields_are_named_together(shop: Shop) -> None:
    problem = shop.refused(colour="red", taste="sour")

    assert problem.user_message == "Received unknown parameters: colour, taste"


def test_unknown_fields_are_refused_on_reads_too(shop: Shop) -> None:
    params: Any = {"colour": "red"}

    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.list(params)

    assert caught.value.code == "parameter_unknown"


@pytest.mark.parametrize(
    ("noun", "identifier", "message"),
    [
        ("payment_intents", "pi_nothing", "No such payment_intent: 'pi_nothing'"),
        ("customers", "cus_nothing", "No such customer: 'cus_nothing'"),
        ("payment_methods", "pm_nothing", "No such PaymentMethod: 'pm_nothing'"),
        ("charges", "ch_nothing", "No such charge: 'ch_nothing'"),
        ("refunds", "re_nothing", "No such refund: 're_nothing'"),
        ("disputes", "dp_nothing", "No such dispute: 'dp_nothing'"),
    ],
)
def test_what_does_not_exist_is_a_404(shop: Shop, noun: str, identifier: str, message: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        getattr(shop.client.v1, noun).retrieve(identifier)

    assert (caught.value.http_status, caught.value.code) == (404, "resource_missing")
    assert caught.value.user_message == message


def test_an_unknown_address_is_a_404_that_names_it(shop: Shop, url: str) -> None:
    page = visit(f"{url}/v1/subscriptions", headers={"Authorization": f"Bearer {KEY}"})

    assert page.status == 404
    assert "Unrecognized request URL (GET: /v1/subscriptions)" in page.text


def test_a_currency_may_be_written_in_capitals(shop: Shop) -> None:
    assert shop.buy(currency="USD").currency == "usd"


@pytest.mark.parametrize(("currency", "smallest"), [("jpy", 50), ("gbp", 30), ("eur", 50)])
def test_each_currency_has_its_own_minimum(shop: Shop, currency: str, smallest: int) -> None:
    assert shop.refused(currency=currency, amount=smallest - 1).code == "amount_too_small"
    assert shop.buy(currency=currency, amount=smallest).amount_received == smallest
