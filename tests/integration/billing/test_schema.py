"""The database itself holds the invariants: what the code must not do, it cannot do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from typing import Any

import psycopg
import pytest

from services.billing.domain.dispute import DISPUTE_TRANSITIONS, DisputeState
from services.billing.domain.mirrored import MIRRORED_TRANSITIONS, MirroredState
from services.billing.domain.payment import PAYMENT_TRANSITIONS, PaymentState
from services.billing.domain.purchase import PURCHASE_TRANSITIONS, PurchaseState
from services.billing.domain.refund import REFUND_TRANSITIONS, RefundState
from services.billing.domain.request import REQUEST_TRANSITIONS, RequestState
from services.billing.handlers.timers import CHARGE
from shared.contracts.top_up_commands import PurchaseTopUp
from tests.integration.billing.messages import ask, buy
from tests.integration.billing.till import Till

TABLES: dict[str, Mapping[Any, frozenset[Any]]] = {
    "requests": REQUEST_TRANSITIONS,
    "purchases": PURCHASE_TRANSITIONS,
    "payments": PAYMENT_TRANSITIONS,
    "refunds": REFUND_TRANSITIONS,
    "disputes": DISPUTE_TRANSITIONS,
    "mirrored_refunds": MIRRORED_TRANSITIONS,
}
STATES: dict[str, type[StrEnum]] = {
    "requests": RequestState,
    "purchases": PurchaseState,
    "payments": PaymentState,
    "refunds": RefundState,
    "disputes": DisputeState,
    "mirrored_refunds": MirroredState,
}


@contextmanager
def refused(till: Till, error: type[psycopg.Error]) -> Iterator[psycopg.Connection]:
    with pytest.raises(error), till.transaction() as connection:
        yield connection


@pytest.fixture
def bought(till: Till) -> PurchaseTopUp:
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    return command


def test_the_transitions_of_the_domain_and_of_the_database_are_the_same(till: Till) -> None:
    with till.transaction() as connection:
        rows = connection.execute("SELECT entity, from_state, to_state FROM transitions").fetchall()
    ours = {(entity, start, to) for entity, table in TABLES.items() for start, ends in table.items() for to in ends}
    assert {tuple(row) for row in rows} == {(entity, str(start), str(to)) for entity, start, to in ours}


@pytest.mark.parametrize("entity", list(STATES))
def test_the_states_of_the_domain_and_of_the_database_are_the_same(till: Till, entity: str) -> None:
    with till.transaction() as connection:
        rows = connection.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = %s", (f"{entity}_state_check",)
        ).fetchall()
    ((definition,),) = rows
    named = set(definition.split("'")[1::2])
    assert named == {str(state) for state in STATES[entity]}


@pytest.mark.rule("B8")
@pytest.mark.parametrize(
    ("table", "state"), [("purchases", "accepted"), ("payments", "created"), ("payments", "parked")]
)
def test_what_is_paid_cannot_become_unpaid(till: Till, bought: PurchaseTopUp, table: str, state: str) -> None:
    unpaid = ", paid_at = NULL" if table == "purchases" else ""
    with refused(till, psycopg.errors.CheckViolation) as connection:
        connection.execute(f"UPDATE {table} SET state = %s{unpaid}", (state,))


@pytest.mark.rule("A5")
def test_two_open_requests_of_one_asker_cannot_stand(till: Till) -> None:
    till.hand_in(ask())
    with refused(till, psycopg.errors.UniqueViolation) as connection:
        connection.execute(
            "INSERT INTO requests SELECT gen_random_uuid(), workspace_id, asker_id, package_id, credits, price_minor,"
            " currency, catalog_version, content_hash, state, purchase_id, expires_at, requested_at, cause_source,"
            " cause_id, correlation_id, traceparent FROM requests"
        )


@pytest.mark.rule("A4")
def test_a_claim_names_its_purchase_and_a_request_without_claim_none(till: Till) -> None:
    till.hand_in(ask())
    with refused(till, psycopg.errors.CheckViolation) as connection:
        connection.execute("UPDATE requests SET state = 'claimed'")


@pytest.mark.rule("B5")
def test_a_purchase_is_the_sum_of_its_lines(till: Till, bought: PurchaseTopUp) -> None:
    with refused(till, psycopg.errors.CheckViolation) as connection:
        connection.execute(
            "INSERT INTO purchase_lines VALUES (%s, 3, 'emil', gen_random_uuid(), 1500)", (bought.purchase_id,)
        )


@pytest.mark.rule("B3")
def test_an_editor_has_one_line_of_a_purchase(till: Till, bought: PurchaseTopUp) -> None:
    with refused(till, psycopg.errors.UniqueViolation) as connection:
        connection.execute(
            "INSERT INTO purchase_lines VALUES (%s, 3, 'erin', gen_random_uuid(), 1500)", (bought.purchase_id,)
        )


@pytest.mark.rule("B9")
def test_one_intent_never_pays_two_purchases(till: Till, bought: PurchaseTopUp) -> None:
    till.hand_in(buy())
    with refused(till, psycopg.errors.UniqueViolation) as connection:
        connection.execute(
            "UPDATE payments SET payment_intent_id = (SELECT payment_intent_id FROM payments WHERE purchase_id = %s)"
            " WHERE payment_intent_id IS NULL",
            (bought.purchase_id,),
        )


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE purchases SET total_minor = 1",
        "UPDATE purchase_lines SET price_minor = 1",
        "UPDATE payments SET amount_minor = 1",
        "UPDATE payment_attempts SET idempotency_key = gen_random_uuid()",
        "UPDATE packages SET price_minor = 1",
        "UPDATE refused_purchases SET reason = 'x'",
        "UPDATE refused_requests SET reason = 'x'",
        "UPDATE stripe_events SET type = 'x'",
        "UPDATE transitions SET to_state = 'paid'",
        "DELETE FROM purchases",
        "DELETE FROM payments",
        "DELETE FROM stripe_events",
    ],
)
def test_what_was_agreed_cannot_be_changed_by_the_worker(till: Till, statement: str) -> None:
    with refused(till, psycopg.errors.InsufficientPrivilege) as connection:
        connection.execute(statement)
