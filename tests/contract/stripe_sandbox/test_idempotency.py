"""Idempotency keys (API reference, "Idempotent requests"; "Advanced error handling")."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import stripe

from tests.contract.stripe_sandbox.shop import Shop, details, sdk

DAY_S = 24 * 60 * 60


def headers_of(thing: stripe.StripeObject) -> dict[str, str]:
    reply = thing.last_response
    assert reply is not None
    return {name.lower(): value for name, value in reply.headers.items()}


@pytest.mark.case(2)
def test_the_same_key_and_parameters_replay_the_reply_and_charge_once(shop: Shop) -> None:
    first = shop.buy(key="key-1")

    again = shop.buy(key="key-1")

    assert again.to_dict() == first.to_dict()
    told, retold = headers_of(first), headers_of(again)
    assert ("idempotent-replayed" in told, retold["idempotent-replayed"]) == (False, "true")
    assert told["original-request"] == retold["original-request"] == told["request-id"]
    assert retold["request-id"] != told["request-id"]
    assert shop.effects() == [("charge_succeeded", 1000)]


@pytest.mark.case(18)
def test_the_same_key_with_other_parameters_is_an_idempotency_error(shop: Shop) -> None:
    shop.buy(key="key-1")

    problem = shop.refused(key="key-1", amount=2000)

    assert isinstance(problem, stripe.IdempotencyError)
    assert (problem.http_status, problem.code, details(problem).type) == (400, None, "idempotency_error")
    assert "Try using a key other than 'key-1'" in str(problem.user_message)
    assert len(shop.effects()) == 1


@pytest.mark.case(18)
def test_the_same_key_for_another_endpoint_is_an_idempotency_error(shop: Shop) -> None:
    intent = shop.buy(key="key-1")

    with pytest.raises(stripe.IdempotencyError, match="for the same endpoint"):
        shop.client.v1.refunds.create({"payment_intent": intent.id}, {"idempotency_key": "key-1"})


@pytest.mark.case(3)
def test_after_24_hours_the_key_is_gone_and_a_new_charge_is_made(shop: Shop) -> None:
    first = shop.buy(key="key-1")
    shop.control.clock(advance_s=DAY_S - 60)
    assert shop.buy(key="key-1").id == first.id

    shop.control.clock(advance_s=120)
    late = shop.buy(key="key-1")

    assert late.id != first.id
    assert shop.effects() == [("charge_succeeded", 1000)] * 2


@pytest.mark.case(4)
def test_a_key_in_flight_is_a_conflict_that_the_sdk_gives_no_code_for(shop: Shop) -> None:
    fault = shop.control.fault(action="none", hold=True)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shop.buy, key="key-1")
        while not any(row["waiting"] for row in shop.control.faults()):
            threading.Event().wait(0.005)

        problem = shop.refused(key="key-1")
        shop.control.release(fault)
        paid = first.result()

    assert type(problem) is stripe.APIError
    assert (problem.http_status, problem.code) == (409, None)
    assert details(problem).code == "idempotency_key_in_use"
    assert shop.buy(key="key-1").id == paid.id
    assert len(shop.effects()) == 1


@pytest.mark.case(4)
def test_many_at_once_with_one_key_charge_once(shop: Shop, url: str) -> None:
    def buy() -> str:
        with sdk(url) as client:
            try:
                return Shop(client, shop.control).buy(key="key-1").status
            except stripe.APIError as problem:
                return str(details(problem).code)

    with ThreadPoolExecutor(8) as pool:
        outcomes = {outcome.result() for outcome in [pool.submit(buy) for _ in range(8)]}

    assert outcomes <= {"succeeded", "idempotency_key_in_use"}
    assert shop.effects() == [("charge_succeeded", 1000)]


def test_a_refusal_of_parameters_is_not_saved(shop: Shop) -> None:
    assert isinstance(shop.refused(key="key-1", amount="much"), stripe.InvalidRequestError)

    paid = shop.buy(key="key-1")

    assert paid.status == "succeeded"


def test_a_refusal_by_the_endpoint_is_saved(shop: Shop) -> None:
    missing = shop.refused(key="key-1", customer="cus_nobody")
    shop.control.customer("cus_nobody")

    again = shop.refused(key="key-1", customer="cus_nobody")

    assert missing.code == again.code == "resource_missing"
    assert again.headers is not None
    assert again.headers["Idempotent-Replayed"] == "true"


def test_keys_of_two_accounts_do_not_meet(shop: Shop, url: str) -> None:
    first = shop.buy(key="key-1")

    with sdk(url, "sk_test_another") as other:
        second = Shop(other, shop.control).buy(key="key-1")

    assert second.id != first.id


def test_a_key_on_a_read_has_no_effect(shop: Shop) -> None:
    intents = shop.client.v1.payment_intents
    intent = intents.create({"amount": 1000, "currency": "usd"})
    intents.retrieve(intent.id, options={"idempotency_key": "key-1"})
    intents.cancel(intent.id)

    again = intents.retrieve(intent.id, options={"idempotency_key": "key-1"})

    assert again.status == "canceled"


def test_a_key_longer_than_255_characters_is_refused(shop: Shop) -> None:
    assert isinstance(shop.refused(key="k" * 256), stripe.InvalidRequestError)
    assert shop.buy(key="k" * 255).status == "succeeded"
