"""What a network and a distant server do to a request, on order ("Advanced error handling")."""

import pytest
import stripe

from deploy.stripe_sandbox.control import SandboxControl, SandboxRefused
from tests.contract.stripe_sandbox.shop import Shop, details, sdk

ONCE = [("charge_succeeded", 1000)]


@pytest.mark.case(2)
@pytest.mark.parametrize("action", ["cut", "reset", "error"])
def test_a_reply_lost_after_the_effect_is_found_again_by_the_key(shop: Shop, action: str) -> None:
    shop.control.fault(stage="after", action=action)  # type: ignore[arg-type]  # one of the words

    problem = shop.refused(key="key-1")

    assert isinstance(problem, stripe.APIConnectionError if action != "error" else stripe.APIError)
    assert shop.effects() == ONCE
    again = shop.buy(key="key-1")
    assert again.status == "succeeded"
    assert shop.effects() == ONCE


@pytest.mark.case(2)
def test_a_broken_body_is_an_api_error_although_the_money_moved(shop: Shop) -> None:
    shop.control.fault(stage="after", action="garbage")

    problem = shop.refused(key="key-1")

    assert isinstance(problem, stripe.APIError)
    assert (problem.http_status, shop.effects()) == (200, ONCE)


@pytest.mark.case(17)
def test_a_request_reset_before_the_effect_moves_nothing(shop: Shop) -> None:
    shop.control.fault(action="reset")

    assert isinstance(shop.refused(key="key-1"), stripe.APIConnectionError)
    assert shop.effects() == []
    assert shop.buy(key="key-1").status == "succeeded"


@pytest.mark.case(17)
def test_a_rate_limit_is_not_retried_by_the_sdk_and_not_saved(shop: Shop, url: str) -> None:
    shop.control.fault(status=429, headers={"Retry-After": "1"})

    with sdk(url, retries=2) as eager:
        problem = Shop(eager, shop.control).refused(key="key-1")

    assert isinstance(problem, stripe.RateLimitError)
    assert (problem.http_status, details(problem).code) == (429, "rate_limit")
    assert problem.headers is not None
    assert problem.headers["Retry-After"] == "1"
    assert [row["status"] for row in shop.control.requests()] == [429]
    assert shop.buy(key="key-1").status == "succeeded"


@pytest.mark.case(17)
def test_the_sdk_retries_a_conflict_with_the_same_key_when_told_to(shop: Shop, url: str) -> None:
    shop.control.fault(status=409)

    with sdk(url, retries=1) as eager:
        paid = Shop(eager, shop.control).buy(key="key-1")

    assert paid.status == "succeeded"
    sent = shop.control.requests()
    assert [(row["status"], row["idempotency_key"]) for row in sent] == [(409, "key-1"), (200, "key-1")]


def test_without_being_told_the_sdk_does_not_retry(shop: Shop) -> None:
    shop.control.fault(status=500)

    assert isinstance(shop.refused(), stripe.APIError)
    assert len(shop.control.requests()) == 1


@pytest.mark.case(2)
@pytest.mark.parametrize(("stage", "effects"), [("before", []), ("after", ONCE)])
def test_a_saved_500_is_replayed_so_only_reading_tells(shop: Shop, stage: str, effects: list[tuple[str, int]]) -> None:
    customer = shop.customer(("pm_ada", "pm_card_visa"))
    shop.control.fault(stage=stage, save=True)  # type: ignore[arg-type]  # one of the words

    first = shop.refused("pm_ada", "key-1", customer=customer)
    again = shop.refused("pm_ada", "key-1", customer=customer)

    assert (first.http_status, again.http_status) == (500, 500)
    assert again.headers is not None
    assert again.headers["Idempotent-Replayed"] == "true"
    assert shop.effects() == effects
    found = shop.client.v1.payment_intents.list({"customer": customer}).data
    assert [intent.status for intent in found] == ["succeeded"] * len(effects)


@pytest.mark.case(2)
def test_the_sdk_is_told_not_to_retry_a_saved_500(shop: Shop, url: str) -> None:
    shop.control.fault(save=True)

    with sdk(url, retries=2) as eager:
        problem = Shop(eager, shop.control).refused(key="key-1")

    assert problem.http_status == 500
    assert len(shop.control.requests()) == 1


def test_a_slow_reply_is_still_the_reply(shop: Shop) -> None:
    shop.control.fault(action="none", stage="after", delay_ms=20)

    assert shop.buy().status == "succeeded"
    assert [row["struck"] for row in shop.control.faults()] == [1]


def test_a_fault_strikes_as_often_as_ordered_and_only_what_it_names(shop: Shop) -> None:
    shop.control.fault(method="GET", path="/v1/payment_intents/*", times=2, status=503)
    intent = shop.buy()
    intents = shop.client.v1.payment_intents

    for _ in range(2):
        with pytest.raises(stripe.APIError):
            intents.retrieve(intent.id)

    assert intents.retrieve(intent.id).status == "succeeded"
    [ordered] = shop.control.faults()
    assert (ordered["struck"], ordered["times"]) == (2, 2)


def test_an_order_without_sense_is_refused(control: SandboxControl) -> None:
    with pytest.raises(SandboxRefused, match="unknown field of a fault: sorts"):
        control._post("faults", {"sorts": "odd"})
    with pytest.raises(SandboxRefused, match="no such fault"):
        control.release("fault_9")
    with pytest.raises(SandboxRefused, match="no such control"):
        control._post("nothing", {})
