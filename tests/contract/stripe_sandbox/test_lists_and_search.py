"""Lists, their pages and filters ("Pagination"), and search with its lag ("Search")."""

import pytest
import stripe

from tests.contract.stripe_sandbox.shop import Shop


def test_a_list_is_newest_first_and_pages_reach_everything_once(shop: Shop) -> None:
    made = [shop.buy().id for _ in range(7)]
    intents = shop.client.v1.payment_intents

    first = intents.list({"limit": 3})

    assert [intent.id for intent in first.data] == made[:3:-1]
    assert (first.has_more, first.url) == (True, "/v1/payment_intents")
    assert [intent.id for intent in first.auto_paging_iter()] == made[::-1]
    before = intents.list({"limit": 2, "ending_before": made[0]})
    assert [intent.id for intent in before.data] == [made[2], made[1]]
    last = intents.list({"limit": 3, "starting_after": made[3]})
    assert ([intent.id for intent in last.data], last.has_more) == (made[2::-1], False)


@pytest.mark.rule("B10")
def test_payments_of_a_customer_since_a_moment_can_be_listed(shop: Shop) -> None:
    customer = shop.customer(("pm_ada", "pm_card_visa"))
    shop.buy("pm_ada", customer=customer)
    shop.buy()
    since = shop.control.clock(advance_s=3600)
    late = shop.buy("pm_ada", customer=customer)

    found = shop.client.v1.payment_intents.list({"customer": customer, "created": {"gte": since}}).data

    assert [intent.id for intent in found] == [late.id]
    assert len(shop.client.v1.payment_intents.list({"customer": customer, "created": {"lt": since}}).data) == 1
    assert shop.client.v1.payment_intents.list({"created": late.created}).data[0].id == late.id


@pytest.mark.parametrize("limit", [0, 101])
def test_a_limit_outside_its_bounds_is_refused(shop: Shop, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.list({"limit": limit})

    assert (caught.value.code, caught.value.param) == ("parameter_invalid_integer", "limit")


def test_an_unknown_cursor_is_a_missing_resource(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.list({"starting_after": "pi_nothing"})

    assert (caught.value.code, caught.value.param) == ("resource_missing", "starting_after")


def test_search_finds_by_metadata_and_pages(shop: Shop) -> None:
    made = [shop.buy(metadata={"purchase": "p1", "n": str(n)}).id for n in range(3)]
    shop.buy(metadata={"purchase": "p2"})

    found = shop.client.v1.payment_intents.search({"query": "metadata['purchase']:'p1'", "limit": 2})

    assert ([intent.id for intent in found.data], found.has_more) == (made[:0:-1], True)
    assert found.to_dict()["object"] == "search_result"
    assert [intent.id for intent in found.auto_paging_iter()] == made[::-1]


def test_search_does_not_see_what_is_younger_than_its_lag(shop: Shop) -> None:
    shop.control.search_lag(60)
    shop.buy(metadata={"purchase": "p1"})
    query = "metadata['purchase']:'p1'"
    assert shop.client.v1.payment_intents.search({"query": query}).data == []

    shop.control.clock(advance_s=61)

    assert len(shop.client.v1.payment_intents.search({"query": query}).data) == 1


@pytest.mark.parametrize("query", ["colour:'red'", "status=succeeded", "status:'a' AND currency:'b' OR amount>1", ""])
def test_a_query_outside_the_language_is_refused(shop: Shop, query: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as caught:
        shop.client.v1.payment_intents.search({"query": query})

    assert caught.value.http_status == 400


def test_events_are_listed_by_type(shop: Shop) -> None:
    shop.buy()
    events = shop.client.v1.events

    assert [event.type for event in events.list({"type": "payment_intent.succeeded"}).data] == [
        "payment_intent.succeeded"
    ]
    both = events.list({"types": ["charge.succeeded", "payment_intent.created"]}).data
    assert {event.type for event in both} == {"charge.succeeded", "payment_intent.created"}
    with pytest.raises(stripe.InvalidRequestError):
        events.retrieve("evt_nothing")
