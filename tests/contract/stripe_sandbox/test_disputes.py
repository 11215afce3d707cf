"""Disputes ("How disputes work"): opened, won and lost through the control API, read through Stripe's."""

import pytest
import stripe

from deploy.stripe_sandbox.control import SandboxRefused
from tests.contract.stripe_sandbox.shop import Shop


def types(shop: Shop) -> list[str]:
    """Of the events about disputes, oldest first."""
    events = shop.client.v1.events.list({"type": "charge.dispute.*"}).data
    return [event.type for event in reversed(events)]


def test_an_opened_dispute_takes_the_money_and_marks_the_charge(shop: Shop) -> None:
    intent = shop.buy(metadata={"purchase": "p1"})

    opened = shop.control.open_dispute(intent.id, "product_not_received")

    [listed] = shop.client.v1.disputes.list({"payment_intent": intent.id}).data
    assert (listed.id, listed.status, listed.reason) == (opened["id"], "needs_response", "product_not_received")
    assert shop.client.v1.charges.retrieve(str(intent.latest_charge)).disputed is True
    assert shop.effects()[-1] == ("dispute_opened", 1000)
    assert shop.last_line()["metadata"] == {"purchase": "p1"}
    assert types(shop) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


def test_a_won_dispute_gives_the_money_back(shop: Shop) -> None:
    opened = shop.control.open_dispute(shop.buy().id)

    shop.control.end_dispute(str(opened["id"]), "won")

    won = shop.client.v1.disputes.retrieve(str(opened["id"]))
    assert won.status == "won"
    assert sum(movement.amount for movement in won.balance_transactions) == 0
    assert shop.effects()[-1] == ("dispute_won", 1000)
    assert types(shop)[2:] == ["charge.dispute.closed", "charge.dispute.funds_reinstated"]


def test_a_lost_dispute_is_lost_for_good(shop: Shop) -> None:
    opened = shop.control.open_dispute(shop.buy().id)

    shop.control.end_dispute(str(opened["id"]), "lost")

    assert shop.client.v1.disputes.retrieve(str(opened["id"])).status == "lost"
    assert shop.effects()[-1] == ("dispute_lost", 1000)
    with pytest.raises(SandboxRefused, match="is lost already"):
        shop.control.end_dispute(str(opened["id"]), "won")


def test_closing_a_dispute_accepts_the_loss(shop: Shop) -> None:
    opened = shop.control.open_dispute(shop.buy().id)

    closed = shop.client.v1.disputes.close(str(opened["id"]))

    assert closed.status == "lost"
    with pytest.raises(stripe.InvalidRequestError):
        shop.client.v1.disputes.close(str(opened["id"]))


def test_a_charge_is_disputed_once_and_only_for_what_was_not_refunded(shop: Shop) -> None:
    intent = shop.buy()
    shop.client.v1.refunds.create({"payment_intent": intent.id, "amount": 400})

    assert shop.control.open_dispute(intent.id)["amount"] == 600
    with pytest.raises(SandboxRefused, match="cannot be disputed"):
        shop.control.open_dispute(intent.id)


def test_the_disputing_card_opens_its_own(shop: Shop) -> None:
    intent = shop.buy("pm_card_createDispute")

    [dispute] = shop.client.v1.disputes.list().data
    assert (dispute.payment_intent, dispute.reason) == (intent.id, "fraudulent")
