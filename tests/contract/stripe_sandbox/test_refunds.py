"""Refunds ("Refund and cancel payments"; "Testing", refunds)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import stripe

from tests.contract.stripe_sandbox.shop import Shop, details, sdk


def refund(shop: Shop, intent: stripe.PaymentIntent, **more: Any) -> stripe.Refund:
    params: Any = {"payment_intent": intent.id, **more}
    return shop.client.v1.refunds.create(params)


def test_a_whole_refund_gives_everything_back(shop: Shop) -> None:
    intent = shop.buy()

    made = refund(shop, intent, reason="requested_by_customer", metadata={"line": "1"})

    assert (made.status, made.amount, made.charge) == ("succeeded", 1000, intent.latest_charge)
    charge = shop.client.v1.charges.retrieve(str(intent.latest_charge))
    assert (charge.refunded, charge.amount_refunded) == (True, 1000)
    assert shop.effects() == [("charge_succeeded", 1000), ("refund_succeeded", 1000)]
    assert (shop.last_line()["refund"], shop.last_line()["metadata"]) == (made.id, {"line": "1"})


def test_partial_refunds_add_up_and_one_too_many_is_refused(shop: Shop) -> None:
    intent = shop.buy()
    refund(shop, intent, amount=300)
    refund(shop, intent, amount=500)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(shop, intent, amount=201)

    assert (caught.value.http_status, caught.value.param, caught.value.code) == (400, "amount", None)
    assert caught.value.user_message == "Refund amount ($2.01) is greater than unrefunded amount on charge ($2.00)"
    rest = refund(shop, intent)
    assert rest.amount == 200
    listed = shop.client.v1.refunds.list({"payment_intent": intent.id}).data
    assert sum(made.amount for made in listed) == 1000


def test_a_second_full_refund_is_already_refunded(shop: Shop) -> None:
    intent = shop.buy()
    refund(shop, intent)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(shop, intent)

    assert caught.value.code == "charge_already_refunded"


@pytest.mark.case(14)
def test_refunds_at_once_never_give_back_more_than_was_paid(shop: Shop, url: str) -> None:
    intent = shop.buy()

    def try_refund(_: int) -> bool:
        with sdk(url) as client:
            try:
                refund(Shop(client, shop.control), intent, amount=400)
            except stripe.InvalidRequestError:
                return False
            return True

    with ThreadPoolExecutor(6) as pool:
        made = sum(pool.map(try_refund, range(6)))

    assert made == 2
    assert sum(amount for effect, amount in shop.effects() if effect == "refund_succeeded") == 800


def test_what_was_not_charged_cannot_be_refunded(shop: Shop) -> None:
    unpaid = shop.client.v1.payment_intents.create({"amount": 1000, "currency": "usd"})

    with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
        refund(shop, unpaid)


def test_a_disputed_charge_cannot_be_refunded(shop: Shop) -> None:
    intent = shop.buy()
    shop.control.open_dispute(intent.id)

    with pytest.raises(stripe.InvalidRequestError) as caught:
        refund(shop, intent)

    assert caught.value.code == "charge_disputed"


def test_a_pending_refund_succeeds_later(shop: Shop) -> None:
    made = refund(shop, shop.buy("pm_card_pendingRefund"))
    assert made.status == "pending"

    shop.control.settle(made.id)

    assert shop.client.v1.refunds.retrieve(made.id).status == "succeeded"
    assert shop.effects()[-2:] == [("refund_pending", 1000), ("refund_succeeded", 1000)]


def test_a_refund_may_fail_after_it_succeeded_and_the_money_is_ours_again(shop: Shop) -> None:
    intent = shop.buy("pm_card_refundFail")
    made = refund(shop, intent)
    assert made.status == "succeeded"

    shop.control.settle(made.id)

    assert shop.client.v1.refunds.retrieve(made.id).status == "failed"
    assert shop.client.v1.charges.retrieve(str(intent.latest_charge)).amount_refunded == 0
    assert shop.effects()[-1] == ("refund_failed", 1000)
    names = [event.type for event in shop.client.v1.events.list().data]
    assert {"refund.failed", "charge.refund.updated", "charge.refunded", "refund.created"} <= set(names)


def test_a_refund_names_its_payment(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
        shop.client.v1.refunds.create({})
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.refunds.create({"charge": "ch_nothing"})

    assert (caught.value.code, caught.value.param) == ("resource_missing", "charge")
    assert details(caught.value).doc_url == "https://stripe.com/docs/error-codes/resource-missing"
