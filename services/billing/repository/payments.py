"""Payments and their attempts in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import DictRow, class_row, dict_row

from services.billing.domain.intent import Intent
from services.billing.domain.payment import Attempt, Payment, PaymentState
from services.billing.repository.moved import NotWhereItWas
from shared.contracts.reasons import Reason
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "payments.sql")


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An attempt about to be stored, with the command it came from."""

    number: int
    actor_id: str
    payment_method_id: str
    idempotency_key: str
    commanded_at: datetime
    cause: Cause
    off_session: bool = False


@dataclass(frozen=True, slots=True)
class NewPayment:
    """A payment about to be stored: what will be charged, on whose customer."""

    purchase_id: str
    workspace_id: str
    customer_id: str
    amount_minor: int
    currency: str
    description: str


class Payments:
    """Payments, each read under its lock."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def lock(self, purchase_id: str) -> Payment | None:
        """The payment with its current attempt, held until commit."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(QUERIES["lock_payment"], {"purchase_id": purchase_id}).fetchone()
        return None if row is None else _payment(row)

    def insert(self, new: NewPayment, attempt: NewAttempt) -> None:
        """Store a payment that nothing was sent for yet, with its first attempt."""
        self._connection.execute(
            QUERIES["insert_payment"],
            {
                "purchase_id": new.purchase_id,
                "workspace_id": new.workspace_id,
                "customer_id": new.customer_id,
                "amount_minor": new.amount_minor,
                "currency": new.currency,
                "description": new.description,
            },
        )
        self._insert_attempt(new.purchase_id, attempt)

    def adopt_intent(self, purchase_id: str, intent_id: str) -> None:
        """A payment just stored was charged before, in an earlier life of the database: it is to be read, not sent."""
        values = {"purchase_id": purchase_id, "intent_id": intent_id}
        if self._connection.execute(QUERIES["adopt_intent"], values).rowcount != 1:
            raise NotWhereItWas(f"payment {purchase_id} is not new")

    def begin_attempt(self, purchase_id: str, attempt: NewAttempt) -> None:
        """The next try of a declined payment. Raises `NotWhereItWas` unless it is declined at the attempt before."""
        self._insert_attempt(purchase_id, attempt)
        begun = self._connection.execute(
            QUERIES["begin_attempt"], {"purchase_id": purchase_id, "attempt": attempt.number}
        )
        if begun.rowcount != 1:
            raise NotWhereItWas(f"payment {purchase_id} is not declined at attempt {attempt.number - 1}")

    def move(self, payment: Payment, to: PaymentState, authenticate_url: str | None = None) -> None:
        """Take the payment from the state it was read in to `to`; to the same state counts one more try.

        Raises `NotWhereItWas`.
        """
        moved = self._connection.execute(
            QUERIES["move_payment"],
            {
                "purchase_id": payment.purchase_id,
                "from": payment.state,
                "to": to,
                "authenticate_url": authenticate_url,
            },
        )
        if moved.rowcount != 1:
            raise NotWhereItWas(f"payment {payment.purchase_id} is no longer {payment.state}")

    def note_intent(self, purchase_id: str, intent: Intent) -> None:
        """Keep the intent's id and its latest charge."""
        self._connection.execute(
            QUERIES["note_intent"],
            {"purchase_id": purchase_id, "intent_id": intent.intent_id, "charge_id": intent.charge_id},
        )

    def keep_return_url(self, purchase_id: str, return_url: str) -> str:
        """The address sent with the first try, whatever the settings say by now: one key stands for one content."""
        values = {"purchase_id": purchase_id, "return_url": return_url}
        row = self._connection.execute(QUERIES["keep_return_url"], values).fetchone()
        assert row is not None
        kept: str = row[0]
        return kept

    def note_first_try(self, payment: Payment, at: datetime) -> None:
        """Keep when the attempt's key may first have been used."""
        self._connection.execute(
            QUERIES["note_first_try"],
            {"purchase_id": payment.purchase_id, "attempt": payment.attempt.number, "at": at},
        )

    def reading_is_due(self, kind: str, purchase_id: str, now: datetime) -> bool:
        """Whether the errand that reads it is about to run, or runs at this moment."""
        values = {"purchase_id": purchase_id, "kind": kind, "now": now}
        return self._connection.execute(QUERIES["reading_is_due"], values).fetchone() is not None

    def note_checked(self, payment: Payment) -> None:
        """Keep that the attempt's method is the workspace's own."""
        values = {"purchase_id": payment.purchase_id, "attempt": payment.attempt.number}
        self._connection.execute(QUERIES["note_checked"], values)

    def note_failure(self, payment: Payment, reason: Reason | None, decline_code: str | None) -> None:
        """Keep why the attempt failed."""
        self._connection.execute(
            QUERIES["note_failure"],
            {
                "purchase_id": payment.purchase_id,
                "attempt": payment.attempt.number,
                "reason": reason,
                "decline_code": decline_code,
            },
        )

    def method_of(self, purchase_id: str, attempt: int) -> str | None:
        """Which method an attempt used; None when there was no such attempt."""
        row = self._connection.execute(
            QUERIES["attempt_method"], {"purchase_id": purchase_id, "attempt": attempt}
        ).fetchone()
        return None if row is None else row[0]

    def cause(self, payment: Payment) -> Cause:
        """The command that began the current attempt."""
        with self._connection.cursor(row_factory=class_row(Cause)) as cursor:
            values = {"purchase_id": payment.purchase_id, "attempt": payment.attempt.number}
            cause = cursor.execute(QUERIES["attempt_cause"], values).fetchone()
        assert cause is not None
        return cause

    def workspaces_of(self, purchase_ids: Iterable[str]) -> list[str]:
        """The workspaces to lock before these payments are."""
        rows = self._connection.execute(QUERIES["workspaces_of_payments"], {"purchase_ids": list(purchase_ids)})
        return [workspace_id for (workspace_id,) in rows]

    def _insert_attempt(self, purchase_id: str, attempt: NewAttempt) -> None:
        self._connection.execute(
            QUERIES["insert_attempt"],
            {
                "purchase_id": purchase_id,
                "attempt": attempt.number,
                "actor_id": attempt.actor_id,
                "payment_method_id": attempt.payment_method_id,
                "idempotency_key": attempt.idempotency_key,
                "commanded_at": attempt.commanded_at,
                "cause_source": attempt.cause.source,
                "cause_id": attempt.cause.id,
                "correlation_id": attempt.cause.correlation_id,
                "traceparent": attempt.cause.traceparent,
                "off_session": attempt.off_session,
            },
        )


def _payment(row: DictRow) -> Payment:
    attempt = Attempt(
        number=row["number"],
        payment_method_id=row["payment_method_id"],
        idempotency_key=row["idempotency_key"],
        commanded_at=row["commanded_at"],
        first_tried_at=row["first_tried_at"],
        reason=None if row["reason"] is None else Reason(row["reason"]),
        decline_code=row["decline_code"],
        previous_charge_id=row["previous_charge_id"],
        method_checked=row["method_checked"],
        off_session=row["off_session"],
    )
    return Payment(
        purchase_id=row["purchase_id"],
        workspace_id=row["workspace_id"],
        customer_id=row["customer_id"],
        amount_minor=row["amount_minor"],
        currency=row["currency"],
        description=row["description"],
        state=PaymentState(row["state"]),
        attempt=attempt,
        intent_id=row["intent_id"],
        return_url=row["return_url"],
        authenticate_url=row["authenticate_url"],
        tries=row["tries"],
    )
