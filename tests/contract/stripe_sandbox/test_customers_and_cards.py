"""Customers and their cards ("Customers", "PaymentMethods")."""

import pytest
import stripe

from deploy.stripe_sandbox.control import SandboxRefused
from tests.contract.stripe_sandbox.shop import Shop


def test_a_customer_gets_a_default_card_once_it_is_attached(shop: Shop) -> None:
    v1 = shop.client.v1
    customer = v1.customers.create({"email": "ada@refill.test", "name": "Ada", "metadata": {"workspace": "w1"}})
    with pytest.raises(stripe.InvalidRequestError, match="must be attached"):
        v1.customers.update(
            customer.id,
            {"invoice_settings": {"default_payment_method": v1.payment_methods.retrieve("pm_card_visa").id}},
        )

    method = v1.payment_methods.attach("pm_card_visa", {"customer": customer.id})
    updated = v1.customers.update(customer.id, {"invoice_settings": {"default_payment_method": method.id}})

    assert method.id != "pm_card_visa"
    assert updated.invoice_settings is not None
    assert updated.invoice_settings.default_payment_method == method.id
    assert v1.customers.list({"email": "ada@refill.test"}).data[0].id == customer.id
    [changed] = v1.events.list({"type": "customer.updated"}).data
    assert changed.data.previous_attributes is not None
    assert changed.data.previous_attributes.to_dict() == {"invoice_settings": {"default_payment_method": None}}


def test_each_use_of_a_test_token_is_a_card_of_its_own(shop: Shop) -> None:
    v1 = shop.client.v1
    first = v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    second = v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})

    assert first.id != second.id
    assert first.card is not None
    assert second.card is not None
    assert first.card.fingerprint == second.card.fingerprint


def test_real_card_numbers_are_refused(shop: Shop) -> None:
    with pytest.raises(stripe.CardError, match="generally unsafe"):
        shop.client.v1.payment_methods.create(
            {"type": "card", "card": {"number": "4242424242424242", "exp_month": 12, "exp_year": 2034, "cvc": "123"}}
        )


def test_a_detached_card_is_gone_for_good(shop: Shop) -> None:
    customer = shop.customer(("pm_ada", "pm_card_visa"))
    v1 = shop.client.v1

    v1.payment_methods.detach("pm_ada")

    assert v1.payment_methods.list({"customer": customer}).data == []
    with pytest.raises(stripe.InvalidRequestError, match="may not be used again"):
        v1.payment_methods.attach("pm_ada", {"customer": customer})
    assert "may not be used again" in str(shop.refused("pm_ada", customer=customer).user_message)


def test_a_card_paid_with_and_never_attached_is_spent(shop: Shop) -> None:
    method = shop.client.v1.payment_methods.create({"type": "card", "card": {"token": "tok_visa"}})
    shop.buy(method.id)

    assert "may not be used again" in str(shop.refused(method.id).user_message)


def test_a_directory_on_file_can_name_its_customers_and_cards(shop: Shop) -> None:
    shop.control.customer(
        "cus_harbour", cards=[("pm_harbour", "pm_card_visa"), ("pm_broke", "pm_card_visa_chargeDeclined")]
    )

    customer = shop.client.v1.customers.retrieve("cus_harbour")

    assert customer.invoice_settings is not None
    assert customer.invoice_settings.default_payment_method == "pm_harbour"
    assert shop.buy("pm_harbour", customer="cus_harbour").status == "succeeded"
    assert shop.refused("pm_broke", customer="cus_harbour").code == "card_declined"


@pytest.mark.parametrize(
    ("customer", "cards"),
    [("ada", []), ("cus_a", [("pm_card_visa", "pm_card_visa")]), ("cus_a", [("pm_a", "pm_card_gold")])],
)
def test_seeding_nonsense_is_refused(shop: Shop, customer: str, cards: list[tuple[str, str]]) -> None:
    with pytest.raises(SandboxRefused):
        shop.control.customer(customer, cards=cards)
