"""What is kept of the processor's JSON, and what is not."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from services.billing.endpoint.events import event_from
from services.billing.stripe_shapes import error_in, failed_call, id_of, intent_from
from tests.unit.billing.builders import PURCHASE

SHOWN: dict[str, Any] = {
    "id": "pi_1",
    "object": "payment_intent",
    "status": "requires_action",
    "amount": 3_000,
    "amount_received": 0,
    "currency": "usd",
    "client_secret": "pi_1_secret_x",
    "customer": {"id": "cus_acme", "object": "customer", "email": "a@b.example"},
    "metadata": {"purchase_id": PURCHASE, "workspace_id": "acme"},
    "latest_charge": None,
    "last_payment_error": None,
    "next_action": {"type": "redirect_to_url", "redirect_to_url": {"url": "https://hooks.example/3ds"}},
}


def test_an_intent_is_reduced_to_what_decides() -> None:
    seen = intent_from(SHOWN)
    assert (seen.intent_id, seen.status, seen.amount_minor) == ("pi_1", "requires_action", 3_000)
    assert (seen.customer_id, seen.purchase_id, seen.workspace_id) == ("cus_acme", PURCHASE, "acme")
    assert seen.redirect_url == "https://hooks.example/3ds"
    assert seen.error_code is None


@pytest.mark.case(23)
def test_no_secret_and_no_personal_data_is_kept_of_an_intent() -> None:
    kept = " ".join(str(value) for value in asdict(intent_from(SHOWN)).values())
    assert "secret" not in kept
    assert "@" not in kept


def test_a_failure_without_a_code_is_still_a_failure() -> None:
    seen = intent_from({**SHOWN, "status": "requires_payment_method", "last_payment_error": {"type": "api_error"}})
    assert seen.error_code == "unknown"


@pytest.mark.parametrize("body", [None, "text", [], {"error": "text"}, {"other": 1}])
def test_a_body_that_is_no_error_says_nothing(body: object) -> None:
    assert failed_call(500, error_in(body)).kind is None


def test_references_are_read_as_ids_or_objects() -> None:
    assert id_of("cus_1") == id_of({"id": "cus_1"}) == "cus_1"
    assert id_of(None) is id_of({"id": 3}) is None


def test_an_event_is_reduced_to_ids() -> None:
    event = {"id": "evt_1", "type": "payment_intent.succeeded", "created": 1_772_366_400, "data": {"object": SHOWN}}
    kept = event_from(event)
    assert (kept.event_id, kept.intent_id, kept.purchase_id) == ("evt_1", "pi_1", PURCHASE)
    assert kept.created_at == datetime.fromtimestamp(1_772_366_400, UTC)


def test_an_event_about_a_charge_names_its_intent() -> None:
    charge = {"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "metadata": {}}
    kept = event_from({"id": "evt_1", "type": "charge.succeeded", "created": 1, "data": {"object": charge}})
    assert (kept.intent_id, kept.purchase_id) == ("pi_1", None)


@pytest.mark.parametrize(
    "event", [{}, {"id": "evt_1"}, {"id": 1, "type": "x", "created": "soon", "data": {"object": {}}}]
)
def test_what_is_no_event_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError, ValueError)):
        event_from(event)
