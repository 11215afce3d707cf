"""Payments that wait for a person, and operators' reviews of them, in PostgreSQL (B10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from shared.contracts.reconciliation import ReviewParkedPayment
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "parked.sql")


@dataclass(frozen=True, slots=True)
class Review:
    """What an operator wants of a parked payment. `shown`: what the processor showed, None until it was asked;
    `refused_for`: why it was not ended."""

    review_id: str
    workspace_id: str
    purchase_id: str
    operator_id: str
    deed: str
    content_hash: bytes
    shown: str | None
    refused_for: str | None
    tries: int
    cause: Cause


class ParkedPayments:
    """Reviews, and what there is to review."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def first(self, limit: int) -> tuple[list[dict[str, Any]], int]:
        """Those of the oldest command, as the wire has them but for `ends_from`; and how many there are."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(QUERIES["parked_payments"], {"limit": limit}).fetchall()
        total = int(rows[0]["total"]) if rows else 0
        return [{name: row[name] for name in row if name != "total"} for row in rows], total

    def first_commanded_at(self, purchase_id: str) -> datetime:
        """When its first attempt was commanded: nothing of it at the processor can be older."""
        row = self._connection.execute(QUERIES["first_commanded_at"], {"purchase_id": purchase_id}).fetchone()
        assert row is not None
        at: datetime = row[0]
        return at

    def insert(self, command: ReviewParkedPayment, content_hash: bytes, asked_at: datetime, cause: Cause) -> bool:
        """Keep it. False when the id is taken."""
        inserted = self._connection.execute(
            QUERIES["insert_review"],
            {
                "review_id": command.review_id,
                "workspace_id": command.workspace_id,
                "purchase_id": command.purchase_id,
                "operator_id": command.operator_id,
                "deed": command.deed,
                "reason": command.reason,
                "content_hash": content_hash,
                "asked_at": asked_at,
                "cause_source": cause.source,
                "cause_id": cause.id,
                "correlation_id": cause.correlation_id,
                "traceparent": cause.traceparent,
            },
        )
        return inserted.rowcount == 1

    def review(self, review_id: str) -> Review | None:
        """A review, held until commit."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(QUERIES["review"], {"review_id": review_id}).fetchone()
        if row is None:
            return None
        cause = Cause(*(row.pop(name) for name in ("cause_source", "cause_id", "correlation_id", "traceparent")))
        return Review(**row, cause=cause)

    def end(self, review: Review, shown: str, refused_for: str | None = None) -> None:
        """Keep what came of it."""
        values = {"review_id": review.review_id, "shown": shown, "refused_for": refused_for}
        self._connection.execute(QUERIES["end_review"], values)

    def count_try(self, review: Review) -> None:
        """The processor did not answer."""
        self._connection.execute(QUERIES["count_try"], {"review_id": review.review_id})
