"""Disputes and how far they were told, in PostgreSQL (B12)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import psycopg
from psycopg.rows import class_row, dict_row

from services.billing.domain.dispute import Dispute, DisputeStanding, DisputeState
from services.billing.domain.purchase import Line
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "disputes.sql")


class Disputes:
    """Disputes by the purchase they are about. Who writes holds the lock of its workspace."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def lock(self, purchase_id: str) -> dict[str, Dispute]:
        """Those of a purchase by their ids, held until commit."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(QUERIES["lock_disputes"], {"purchase_id": purchase_id}).fetchall()
        return {
            row["dispute_id"]: Dispute(
                dispute_id=row["dispute_id"],
                workspace_id=row["workspace_id"],
                purchase_id=row["purchase_id"],
                amount_minor=row["amount_minor"],
                currency=row["currency"],
                reason=row["reason"],
                recall_id=row["recall_id"],
                opened_at=row["opened_at"],
                lines=self._lines(row["dispute_id"]),
                standing=DisputeStanding(DisputeState(row["state"]), row["step"], row["withdrawn"], row["reinstated"]),
            )
            for row in rows
        }

    def insert(self, dispute: Dispute, standing: DisputeStanding) -> None:
        """A dispute seen for the first time, and how far it is told with that. Raises UniqueViolation."""
        values = {
            "dispute_id": dispute.dispute_id,
            "workspace_id": dispute.workspace_id,
            "purchase_id": dispute.purchase_id,
            "amount_minor": dispute.amount_minor,
            "currency": dispute.currency,
            "reason": dispute.reason,
            "recall_id": dispute.recall_id,
            "opened_at": dispute.opened_at,
        }
        self._connection.execute(QUERIES["insert_dispute"], {**values, **asdict(standing)})
        users = [line.user_id for line in dispute.lines]
        self._connection.execute(QUERIES["insert_dispute_lines"], {**values, "user_ids": users})

    def note(self, dispute_id: str, standing: DisputeStanding) -> None:
        """How far it is told now."""
        self._connection.execute(QUERIES["note_dispute"], {"dispute_id": dispute_id, **asdict(standing)})

    def has_recall(self, recall_id: str) -> bool:
        """Whether this recall is a dispute's."""
        return self._connection.execute(QUERIES["dispute_of_recall"], {"recall_id": recall_id}).fetchone() is not None

    def forbid_refunds(self, purchase_id: str) -> bool:
        """Whether the bank decides about this purchase, or has taken its money back."""
        found = self._connection.execute(QUERIES["forbids_refunds"], {"purchase_id": purchase_id}).fetchone()
        return found is not None

    def _lines(self, dispute_id: str) -> tuple[Line, ...]:
        with self._connection.cursor(row_factory=class_row(Line)) as cursor:
            return tuple(cursor.execute(QUERIES["lines_of_dispute"], {"dispute_id": dispute_id}))
