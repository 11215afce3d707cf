"""The traps of stripe 16.1 that billing has to step around, each shown against the sandbox."""

import json
from typing import Any

import pytest
import stripe

from tests.contract.stripe_sandbox.shop import Shop


def test_a_key_among_the_parameters_is_refused_as_the_unknown_parameter_it_is(shop: Shop) -> None:
    params: Any = {"amount": 1000, "currency": "usd", "idempotency_key": "key-1"}

    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.create(params)

    assert (caught.value.code, caught.value.param) == ("parameter_unknown", "idempotency_key")
    [sent] = shop.control.requests()
    assert "idempotency_key=key-1" in str(sent["encoded"])
    assert sent["idempotency_key"] != "key-1"  # the header carries a random one


def test_objects_are_not_dicts(shop: Shop) -> None:
    intent = shop.buy()

    assert not isinstance(intent, dict)
    with pytest.raises(AttributeError):
        intent.get("status")  # type: ignore[attr-defined]  # that is the trap
    with pytest.raises(TypeError):
        json.dumps(intent)
    assert intent.to_dict()["status"] == "succeeded"


def test_an_error_shows_the_client_secret_to_whoever_logs_it(shop: Shop) -> None:
    problem = shop.refused("pm_card_visa_chargeDeclined")

    assert "_secret_" in str(problem.args)
    assert "_secret_" not in str(problem)


def test_the_sdk_pins_the_version_that_the_sandbox_answers_in(shop: Shop) -> None:
    intent = shop.buy()

    assert intent.last_response is not None
    assert intent.last_response.headers["Stripe-Version"] == "2026-10-28.endive"
    assert intent.last_response.request_id is not None
