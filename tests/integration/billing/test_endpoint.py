"""The HTTP door: signed webhooks, stored before they are answered; buyers led on; everyone else turned away (B9)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from services.billing.domain.receipt import receipt_number
from services.billing.endpoint.protocol import MAX_BODY_BYTES
from services.billing.handlers.timers import CHARGE, SETTLE
from services.billing.settings import BillingSettings
from shared.contracts.top_up_events import PurchaseActionRequired, PurchasePaid
from tests.integration.billing.doorway import deliver, event_about, opened, signed, stored
from tests.integration.billing.messages import buy, workspace
from tests.integration.billing.till import Till


@pytest.fixture
def door(till: Till, settings: BillingSettings) -> Iterator[httpx.Client]:
    """The endpoint as the worker runs it, on a real socket."""
    with opened(till, settings) as client:
        yield client


def action_required(till: Till) -> str:
    """A purchase that waits for its buyer; returns its id."""
    command = buy()
    till.hand_in(workspace(version=2, payment_method_id="pm_3ds"), command)
    till.turn(CHARGE)
    assert till.told(PurchaseActionRequired)
    return command.purchase_id


def intent_of(till: Till, purchase_id: str) -> str:
    with till.transaction() as connection:
        row = connection.execute(
            "SELECT payment_intent_id FROM payments WHERE purchase_id = %s", (purchase_id,)
        ).fetchone()
    assert row is not None
    intent: str = row[0]
    return intent


@pytest.mark.case(5, 15)
def test_a_webhook_is_stored_once_and_has_the_payment_read(till: Till, door: httpx.Client) -> None:
    purchase_id = action_required(till)
    till.sandbox.complete_authentication(intent_of(till, purchase_id))
    event = event_about(till, purchase_id)
    assert [deliver(door, event) for _ in range(3)] == [200, 200, 200]
    assert stored(till) == 1
    till.turn(SETTLE)
    assert deliver(door, event_about(till, purchase_id)) == 200
    till.turn(SETTLE)
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.case(5)
def test_a_webhook_that_comes_before_our_own_answer_tells_which_intent_to_read(till: Till, door: httpx.Client) -> None:
    command = buy()
    till.hand_in(command)
    till.sandbox.fault(stage="after", action="reset")
    till.turn(CHARGE)
    (charge,) = till.charges()
    event = event_about(till, command.purchase_id)
    event["data"]["object"]["id"] = charge["payment_intent"]
    assert deliver(door, event) == 200
    till.turn(SETTLE)
    assert till.state("purchases", command.purchase_id) == "paid"
    till.later(timedelta(minutes=1))
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.case(15)
def test_what_a_webhook_claims_is_never_believed_only_read(till: Till, door: httpx.Client) -> None:
    purchase_id = action_required(till)
    assert deliver(door, event_about(till, purchase_id)) == 200
    till.turn(SETTLE)
    assert till.told(PurchasePaid) == []


@pytest.mark.case(15)
@pytest.mark.parametrize(
    "how", [{"secret": "whsec_of_somebody_else"}, {"age_s": 301}, {"age_s": 86_400}], ids=["forged", "stale", "old"]
)
def test_a_forged_or_stale_webhook_is_turned_away(till: Till, door: httpx.Client, how: dict[str, Any]) -> None:
    assert deliver(door, event_about(till, str(uuid4())), **how) == 400
    assert stored(till) == 0


def test_an_event_signed_with_two_secrets_is_taken_by_who_knows_one(till: Till, door: httpx.Client) -> None:
    """While a signing secret is rolled Stripe signs with the old and the new one ("Roll endpoint signing secrets")."""
    body, mine = signed(event_about(till, str(uuid4())))
    _, other = signed(body, secret="whsec_of_tomorrow")
    stamp, _, signature = mine["stripe-signature"].partition(",")
    both = f"{stamp},{other['stripe-signature'].partition(',')[2]},{signature}"

    response = door.post("/webhooks/stripe", content=body, headers={"stripe-signature": both})

    assert (response.status_code, stored(till)) == (200, 1)


@pytest.mark.case(15)
def test_without_a_signature_or_with_nonsense_for_one_it_is_turned_away(till: Till, door: httpx.Client) -> None:
    body = json.dumps(event_about(till, str(uuid4())))
    assert door.post("/webhooks/stripe", content=body).status_code == 400
    for nonsense in ("", "t=,v1=", "t=x,v1=y", "v1=abc", "t=1"):
        response = door.post("/webhooks/stripe", content=body, headers={"stripe-signature": nonsense})
        assert response.status_code == 400
    assert stored(till) == 0


@pytest.mark.parametrize("body", ["", "{", "[]", '"text"', '{"object": "event", "livemode": false}', "{}"])
def test_a_signed_body_that_is_no_event_is_turned_away(till: Till, door: httpx.Client, body: str) -> None:
    assert deliver(door, body) == 400
    assert stored(till) == 0


def test_an_event_of_live_mode_is_not_taken_with_a_test_key(till: Till, door: httpx.Client) -> None:
    assert deliver(door, {**event_about(till, str(uuid4())), "livemode": True}) == 400


def test_a_body_larger_than_any_event_is_not_read_to_its_end(till: Till, door: httpx.Client) -> None:
    assert deliver(door, "x" * (MAX_BODY_BYTES + 1)) == 413


def test_an_event_about_something_else_is_kept_and_changes_nothing(till: Till, door: httpx.Client) -> None:
    assert deliver(door, event_about(till, "not-ours", kind="customer.updated")) == 200
    assert stored(till) == 1
    assert till.due(SETTLE) == []


@pytest.mark.case(12, 16)
def test_an_event_about_a_purchase_that_we_do_not_have_is_kept_and_said_loudly(till: Till, door: httpx.Client) -> None:
    purchase_id = str(uuid4())
    with capture_logs() as logs:
        assert deliver(door, event_about(till, purchase_id)) == 200
    (line,) = [line for line in logs if line["log_level"] == "error"]
    assert (line["purchase_id"], line["payment_intent_id"]) == (purchase_id, "pi_x")
    with till.transaction() as connection:
        kept = connection.execute("SELECT payment_intent_id FROM stripe_events WHERE purchase_id = %s", (purchase_id,))
        assert kept.fetchall() == [("pi_x",)]


@pytest.mark.rule("B9")
def test_the_link_leads_to_the_processors_page_as_long_as_it_is_needed(till: Till, door: httpx.Client) -> None:
    purchase_id = action_required(till)
    response = door.get(f"/purchases/{purchase_id}/authenticate")
    assert response.status_code == 303
    page = response.headers["location"]
    assert page.startswith(till.sandbox.base_url)
    assert "secret" not in page
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    till.sandbox.complete_authentication(page)
    again = door.get(f"/purchases/{purchase_id}/authenticate")
    assert (again.status_code, "location" in again.headers) == (200, False)


@pytest.mark.rule("B9")
def test_coming_back_has_the_payment_read_at_once(till: Till, door: httpx.Client) -> None:
    purchase_id = action_required(till)
    till.sandbox.complete_authentication(intent_of(till, purchase_id))
    assert door.get(f"/purchases/{purchase_id}/returned?payment_intent_client_secret=x").status_code == 200
    till.turn(SETTLE)
    assert len(till.told(PurchasePaid)) == 1


@pytest.mark.rule("B9")
@pytest.mark.case(13)
def test_coming_back_again_and_again_does_not_disturb_the_reading(till: Till, door: httpx.Client) -> None:
    purchase_id = action_required(till)
    assert door.get(f"/purchases/{purchase_id}/returned").status_code == 200
    lease = "UPDATE timers SET leased_until = now() + interval '1 minute', lease_token = gen_random_uuid()"
    with till.transaction() as connection:
        taken = connection.execute(f"{lease} WHERE kind = 'settle' RETURNING lease_token").fetchall()
    assert door.get(f"/purchases/{purchase_id}/returned").status_code == 200
    with till.transaction() as connection:
        assert connection.execute("SELECT lease_token FROM timers WHERE kind = 'settle'").fetchall() == taken


def test_unknown_and_finished_purchases_have_a_plain_page(till: Till, door: httpx.Client) -> None:
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    assert door.get(f"/purchases/{command.purchase_id}/authenticate").status_code == 200
    for path in ("authenticate", "returned"):
        assert door.get(f"/purchases/{uuid4()}/{path}").status_code == 404
    assert door.get("/purchases/1-or-1/authenticate").status_code == 404


@pytest.mark.rule("B6", "N2")
def test_the_link_of_a_receipt_leads_to_the_processors_own(till: Till, door: httpx.Client) -> None:
    command = buy()
    till.hand_in(command)
    link = f"/purchases/{command.purchase_id}/receipt"
    assert "location" not in door.get(link).headers
    till.turn(CHARGE)
    (paid,) = till.told(PurchasePaid)
    assert paid.receipt_url == f"https://pay.example.com{link}"
    assert paid.receipt_number == receipt_number(command.purchase_id)
    response = door.get(link)
    assert (response.status_code, response.headers["referrer-policy"]) == (303, "no-referrer")
    assert response.headers["location"].startswith("https://pay.stripe.com/receipts/")
    till.sandbox.fault(method="GET", action="reset")
    assert door.get(link).status_code == 503
    assert door.get(f"/purchases/{uuid4()}/receipt").status_code == 404


@pytest.mark.case(17)
def test_when_the_processor_is_away_the_buyer_is_asked_to_come_again(till: Till, door: httpx.Client) -> None:
    purchase_id = action_required(till)
    till.sandbox.fault(method="GET", action="reset")
    assert door.get(f"/purchases/{purchase_id}/authenticate").status_code == 503


@pytest.mark.case(11)
def test_what_cannot_be_stored_is_not_acknowledged_and_taken_when_sent_again(till: Till, door: httpx.Client) -> None:
    event = event_about(till, str(uuid4()))
    with till.admin() as connection:
        connection.execute("REVOKE INSERT ON stripe_events FROM billing_worker")
    try:
        assert deliver(door, event) == 503
    finally:
        with till.admin() as connection:
            connection.execute("GRANT INSERT ON stripe_events TO billing_worker")
    assert deliver(door, event) == 200
    assert stored(till) == 1


def test_nothing_else_is_served(door: httpx.Client) -> None:
    for path in ("/", "/docs", "/openapi.json", "/webhooks/stripe"):
        assert door.get(path).status_code in (404, 405)
