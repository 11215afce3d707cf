"""Spending caps and what they are held against, in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import class_row

from services.billing.domain.spending import (
    DECLINES_OF_A_METHOD,
    METHOD_WINDOW,
    REQUEST_WINDOW,
    REQUESTS_OF_A_PERSON,
    Caps,
    Spent,
    day_of,
)
from shared.contracts.spending import SetSpendingCaps
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "spending.sql")


class SpendingLimits:
    """Read under the lock of the workspace: what is counted here cannot grow meanwhile (B13)."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def store_caps(self, said: SetSpendingCaps, at: datetime, cause: Cause) -> None:
        """Keep what the owner said at this instant; the same command again changes nothing."""
        self._connection.execute(
            QUERIES["store_caps"],
            {
                "workspace_id": said.workspace_id,
                "currency": said.currency,
                "workspace_day_minor": said.workspace_day_minor,
                "buyer_day_minor": said.buyer_day_minor,
                "set_by": said.actor_id,
                "set_at": at,
                "cause_source": cause.source,
                "cause_id": cause.id,
            },
        )

    def caps(self, workspace_id: str, currency: str) -> Caps:
        """The caps in force; none when nothing was ever said."""
        values = {"workspace_id": workspace_id, "currency": currency}
        with self._connection.cursor(row_factory=class_row(Caps)) as cursor:
            return cursor.execute(QUERIES["caps"], values).fetchone() or Caps()

    def spent(self, workspace_id: str, spender_id: str, currency: str, at: datetime) -> Spent:
        """What was spent, or is about to be, on the day of this instant."""
        values = {"workspace_id": workspace_id, "spender_id": spender_id, "currency": currency, "day": day_of(at)}
        with self._connection.cursor(row_factory=class_row(Spent)) as cursor:
            return cursor.execute(QUERIES["spent"], values).fetchone() or Spent()

    def declines_of_method(self, payment_method_id: str, at: datetime) -> list[datetime]:
        """When the method was declined within its window, newest first; no more of them than decide."""
        values = {
            "payment_method_id": payment_method_id,
            "since": at - METHOD_WINDOW,
            "limit": DECLINES_OF_A_METHOD,
        }
        return [declined_at for (declined_at,) in self._connection.execute(QUERIES["declines_of_method"], values)]

    def unanswered_of_method(self, payment_method_id: str, at: datetime) -> int:
        """How many charges of the method have no outcome yet. Locks the method until commit."""
        values = {"payment_method_id": payment_method_id, "since": at - METHOD_WINDOW}
        self._connection.execute(QUERIES["lock_method"], values)
        row = self._connection.execute(QUERIES["unanswered_of_method"], values).fetchone()
        assert row is not None
        count: int = row[0]
        return count

    def asked_by(self, workspace_id: str, asker_id: str, at: datetime) -> list[datetime]:
        """When this person asked within the window, newest first; no more of them than decide."""
        values = {
            "workspace_id": workspace_id,
            "asker_id": asker_id,
            "since": at - REQUEST_WINDOW,
            "limit": REQUESTS_OF_A_PERSON,
        }
        return [asked_at for (asked_at,) in self._connection.execute(QUERIES["asked_by"], values)]
