"""Declined cards ("Testing", declined payments; "Handle declines")."""

import pytest
import stripe

from tests.contract.stripe_sandbox.shop import Shop, details, intent_in

TABLE = [
    ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline", None, "try_again_later"),
    ("pm_card_chargeDeclined", "card_declined", "generic_decline", None, "try_again_later"),
    ("pm_card_visa_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds", None, "try_again_later"),
    ("pm_card_visa_chargeDeclinedLostCard", "card_declined", "lost_card", None, "do_not_try_again"),
    ("pm_card_visa_chargeDeclinedStolenCard", "card_declined", "stolen_card", None, "do_not_try_again"),
    ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card", "exp_month", "confirm_card_data"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", "incorrect_cvc", "cvc", "confirm_card_data"),
    ("pm_card_chargeDeclinedProcessingError", "processing_error", "processing_error", None, "try_again_later"),
    ("pm_card_radarBlock", "card_declined", "fraudulent", None, None),
]


@pytest.mark.parametrize(("card", "code", "decline_code", "param", "advice"), TABLE, ids=[row[0] for row in TABLE])
def test_each_declining_card_is_a_card_error_with_its_codes(
    shop: Shop, card: str, code: str, decline_code: str, param: str | None, advice: str | None
) -> None:
    problem = shop.refused(card, "key-1")

    assert isinstance(problem, stripe.CardError)
    error = details(problem)
    assert (problem.http_status, error.type, problem.code, error.decline_code) == (
        402,
        "card_error",
        code,
        decline_code,
    )
    assert (problem.param, getattr(error, "advice_code", None)) == (param, advice)
    intent = intent_in(problem)
    assert intent.status == "requires_payment_method"
    assert intent.last_payment_error is not None
    assert intent.last_payment_error.decline_code == decline_code
    charge = shop.client.v1.charges.retrieve(str(error.charge))
    assert (charge.status, charge.paid, charge.failure_code) == ("failed", False, code)
    line = shop.last_line()
    assert (line["effect"], line["code"], line["decline_code"]) == ("charge_declined", code, decline_code)


def test_a_decline_is_saved_under_its_key_and_replayed(shop: Shop) -> None:
    first = shop.refused("pm_card_visa_chargeDeclined", "key-1")

    again = shop.refused("pm_card_visa_chargeDeclined", "key-1")

    assert intent_in(again).id == intent_in(first).id
    assert again.headers is not None
    assert again.headers["Idempotent-Replayed"] == "true"
    assert len(shop.effects()) == 1


def test_a_card_can_be_saved_and_declined_later(shop: Shop) -> None:
    customer = shop.client.v1.customers.create({"payment_method": "pm_card_chargeCustomerFail"})
    [method] = shop.client.v1.customers.payment_methods.list(customer.id).data

    problem = shop.refused(method.id, customer=customer.id)

    assert problem.code == "card_declined"


def test_a_declining_card_cannot_be_attached(shop: Shop) -> None:
    with pytest.raises(stripe.CardError) as caught:
        shop.client.v1.payment_methods.attach("pm_card_visa_chargeDeclined", {"customer": shop.customer()})

    assert caught.value.code == "card_declined"
