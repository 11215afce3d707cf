"""Signed webhooks, well and badly delivered ("Receive Stripe events in your webhook endpoint")."""

from collections.abc import Iterator

import pytest
import stripe

from deploy.local.waiting import wait_until
from tests.contract.stripe_sandbox.receiver import SECRET, Receiver, listening
from tests.contract.stripe_sandbox.shop import Shop

PATIENCE_S = 30

PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


@pytest.fixture
def receiver(shop: Shop) -> Iterator[Receiver]:
    with listening() as receiver:
        shop.control.listen(receiver.url, SECRET)
        yield receiver


def test_a_payment_is_told_in_signed_events_that_can_be_read_again(shop: Shop, receiver: Receiver) -> None:
    intent = shop.buy(key="key-1", metadata={"purchase": "p1"})

    events = [receiver.event() for _ in range(3)]

    assert [event.type for event in events] == PAID
    told = events[-1]
    assert told.data.object["id"] == intent.id
    assert told.data.object["metadata"]["purchase"] == "p1"
    assert told.request is not None
    assert told.request.idempotency_key == "key-1"
    again = shop.client.v1.events.retrieve(told.id)
    assert again.data.to_dict() == told.data.to_dict()


def test_an_event_is_sent_again_until_it_is_answered_with_2xx(shop: Shop, receiver: Receiver) -> None:
    receiver.answers = [500, 301]
    shop.client.v1.customers.create({"email": "ada@refill.test"})

    ids = {receiver.event().id for _ in range(3)}

    assert len(ids) == 1
    wait_until(shop.control.webhooks_idle, PATIENCE_S, "every answer noted")
    assert [attempt["status"] for attempt in shop.control.deliveries()] == [500, 301, 200]
    [event_id] = ids
    assert shop.client.v1.events.retrieve(event_id).pending_webhooks == 0


def test_an_undelivered_event_says_so(shop: Shop) -> None:
    shop.control.listen("http://127.0.0.1:9/nobody", SECRET)
    shop.client.v1.customers.create({})

    [event] = shop.client.v1.events.list({"delivery_success": False}).data
    assert event.pending_webhooks == 1


@pytest.mark.case(5)
def test_doubled(shop: Shop, receiver: Receiver) -> None:
    shop.control.webhooks(types="payment_intent.*", copies=2)
    shop.buy()

    got = receiver.types(5)

    assert sorted(got) == sorted([*PAID, "payment_intent.created", "payment_intent.succeeded"])


@pytest.mark.case(16)
def test_held_and_released_in_another_order(shop: Shop, receiver: Receiver) -> None:
    shop.control.webhooks(hold=True)
    shop.buy()
    assert receiver.arrived.empty()

    order = shop.control.release_webhooks("reversed")

    assert [receiver.event().id for _ in range(3)] == order
    names = [shop.client.v1.events.retrieve(event).type for event in order]
    assert names == PAID[::-1]


@pytest.mark.case(16)
def test_shuffled_by_a_seed(shop: Shop, receiver: Receiver) -> None:
    shop.control.webhooks(hold=True)
    for _ in range(3):
        shop.buy()

    order = shop.control.release_webhooks("shuffled", seed=7)

    made = [event.id for event in reversed(shop.client.v1.events.list({"limit": 100}).data)]
    assert order != made
    assert sorted(order) == sorted(made)


@pytest.mark.case(16)
def test_dropped_events_are_still_listed(shop: Shop, receiver: Receiver) -> None:
    shop.control.webhooks(types="charge.*", drop=True)
    shop.buy()

    assert receiver.types(2) == ["payment_intent.created", "payment_intent.succeeded"]
    wait_until(shop.control.webhooks_idle, PATIENCE_S, "every answer noted")
    assert "charge.succeeded" in {event.type for event in shop.client.v1.events.list().data}


@pytest.mark.case(15)
def test_forged_and_stale_events_fail_the_sdks_check_and_are_not_retried(shop: Shop, receiver: Receiver) -> None:
    receiver.answers = [400, 400]
    shop.control.webhooks(forged=True)
    shop.client.v1.customers.create({})
    forged = receiver.next()
    shop.control.webhooks(stale_s=301)
    shop.client.v1.customers.create({})
    stale = receiver.next()
    shop.control.webhooks()

    for (body, signature), complaint in ((forged, "No signatures found"), (stale, "outside the tolerance")):
        with pytest.raises(stripe.SignatureVerificationError, match=complaint):
            stripe.Webhook.construct_event(body, signature, SECRET)
    wait_until(lambda: len(shop.control.deliveries()) == 2, PATIENCE_S, "both answers noted")
    assert [attempt["attempt"] for attempt in shop.control.deliveries()] == [0, 0]


@pytest.mark.case(15)
def test_an_event_can_be_replayed_at_will(shop: Shop, receiver: Receiver) -> None:
    shop.client.v1.customers.create({})
    first = receiver.event()

    shop.control.resend_webhook(first.id, copies=2)

    assert [receiver.event().id for _ in range(2)] == [first.id] * 2


def test_without_an_endpoint_events_are_only_listed(shop: Shop) -> None:
    shop.buy()

    assert shop.control.webhooks_idle()
    assert all(event.pending_webhooks == 0 for event in shop.client.v1.events.list().data)
