"""Authentication: on session a next action, off session a refusal ("3D Secure", "Charge saved payment methods")."""

from urllib.parse import parse_qs, urlsplit

import pytest
import stripe

from deploy.stripe_sandbox.control import SandboxRefused
from tests.contract.stripe_sandbox.browser import visit
from tests.contract.stripe_sandbox.shop import Shop, details, intent_in

BACK = "https://refill.test/purchases/p1?tab=pay"


def asking(shop: Shop, card: str = "pm_card_authenticationRequired") -> stripe.PaymentIntent:
    intent = shop.buy(card, return_url=BACK)
    assert intent.status == "requires_action"
    return intent


def page_of(intent: stripe.PaymentIntent) -> str:
    action = intent.next_action
    assert action is not None
    assert action.redirect_to_url is not None
    return str(action.redirect_to_url.url)


def test_on_session_the_intent_asks_and_nothing_is_charged(shop: Shop) -> None:
    intent = asking(shop)

    assert intent.next_action is not None
    assert intent.next_action.type == "redirect_to_url"
    assert intent.client_secret is not None
    assert intent.client_secret.startswith(f"{intent.id}_secret_")
    assert shop.effects() == []


def test_without_a_return_url_the_action_is_for_stripe_js(shop: Shop) -> None:
    intent = shop.buy("pm_card_authenticationRequired")

    assert intent.next_action is not None
    assert intent.next_action.type == "use_stripe_sdk"
    assert intent.next_action.use_stripe_sdk is not None
    shop.control.complete_authentication(str(intent.next_action.use_stripe_sdk["stripe_js"]))
    assert shop.client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def test_completing_the_page_pays_and_sends_the_buyer_back(shop: Shop) -> None:
    intent = asking(shop)
    assert "Complete" in visit(page_of(intent)).text

    sent = visit(f"{page_of(intent)}/complete", "POST")

    assert sent.status == 303
    assert sent.location is not None
    assert sent.location.startswith(BACK)
    query = parse_qs(urlsplit(sent.location).query)
    assert (query["payment_intent"], query["redirect_status"]) == ([intent.id], ["succeeded"])
    paid = shop.client.v1.payment_intents.retrieve(intent.id, {"expand": ["latest_charge"]})
    assert (paid.status, paid.next_action) == ("succeeded", None)
    assert shop.effects() == [("charge_succeeded", 1000)]


def test_failing_the_page_leaves_the_intent_open_for_another_method(shop: Shop) -> None:
    intent = asking(shop)

    sent = visit(f"{page_of(intent)}/fail", "POST")

    assert "redirect_status=failed" in str(sent.location)
    failed = shop.client.v1.payment_intents.retrieve(intent.id)
    assert failed.status == "requires_payment_method"
    assert failed.last_payment_error is not None
    assert failed.last_payment_error.code == "payment_intent_authentication_failure"
    paid = shop.client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert paid.status == "succeeded"
    assert shop.effects() == [("charge_succeeded", 1000)]


def test_a_page_works_once(shop: Shop) -> None:
    intent = asking(shop)
    visit(f"{page_of(intent)}/complete", "POST")

    assert visit(page_of(intent)).status == 410
    with pytest.raises(SandboxRefused, match="asks for no authentication"):
        shop.control.complete_authentication(intent.id)
    assert len(shop.effects()) == 1


@pytest.mark.case(13)
def test_confirming_again_while_a_challenge_is_open_makes_the_old_page_void(shop: Shop) -> None:
    first = asking(shop)
    assert isinstance(first.payment_method, str)

    again = shop.client.v1.payment_intents.confirm(
        first.id, {"payment_method": first.payment_method, "return_url": BACK}
    )

    assert page_of(again) != page_of(first)
    assert visit(f"{page_of(first)}/complete", "POST").status == 410
    shop.control.complete_authentication(page_of(again))
    assert shop.effects() == [("charge_succeeded", 1000)]


def test_off_session_the_same_card_is_refused_with_the_intent_in_the_error(shop: Shop) -> None:
    customer = shop.customer(("pm_bank", "pm_card_authenticationRequired"))

    problem = shop.refused("pm_bank", customer=customer, off_session=True)

    assert isinstance(problem, stripe.CardError)
    error = details(problem)
    assert (problem.http_status, problem.code, error.decline_code) == (402, *["authentication_required"] * 2)
    intent = intent_in(problem)
    assert intent.status == "requires_payment_method"
    assert error.payment_method is not None
    assert error.payment_method.id == "pm_bank"
    later = shop.client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_bank"})
    assert later.status == "requires_action"
    shop.control.complete_authentication(intent.id)
    assert shop.effects() == [("charge_declined", 1000), ("charge_succeeded", 1000)]


def test_a_card_set_up_by_an_authenticated_payment_is_charged_off_session(shop: Shop) -> None:
    customer = shop.customer(("pm_bank", "pm_card_authenticationRequiredOnSetup"))
    assert shop.refused("pm_bank", customer=customer, off_session=True).code == "authentication_required"
    intent = shop.buy("pm_bank", customer=customer, setup_future_usage="off_session")
    shop.control.complete_authentication(intent.id)

    paid = shop.buy("pm_bank", customer=customer, off_session=True)

    assert paid.status == "succeeded"


def test_a_card_may_be_declined_after_its_authentication(shop: Shop) -> None:
    intent = asking(shop, "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds")

    after = shop.control.complete_authentication(intent.id)

    assert after["status"] == "requires_payment_method"
    assert shop.last_line()["decline_code"] == "insufficient_funds"


def test_a_payment_may_be_processing_after_its_authentication(shop: Shop) -> None:
    intent = asking(shop, "pm_sandbox_authenticationThenProcessing")

    assert shop.control.complete_authentication(intent.id)["status"] == "processing"
    assert shop.control.settle(intent.id, succeeds=True)["status"] == "succeeded"


def test_error_on_requires_action_turns_the_question_into_a_refusal(shop: Shop) -> None:
    problem = shop.refused("pm_card_authenticationRequired", error_on_requires_action=True)

    assert (problem.code, details(problem).decline_code) == ("authentication_required", "authentication_not_handled")
    assert intent_in(problem).status == "requires_payment_method"


def test_a_challenge_can_be_asked_for_with_any_card(shop: Shop) -> None:
    options = {"card": {"request_three_d_secure": "challenge"}}

    assert shop.buy("pm_card_visa", payment_method_options=options).status == "requires_action"
    assert shop.buy("pm_card_amex", payment_method_options=options).status == "succeeded"
