"""Refunds and what was asked about them, in PostgreSQL (B11)."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import DictRow, class_row, dict_row

from services.billing.domain.purchase import Line
from services.billing.domain.refund import Refund, RefundBy, RefundState
from services.billing.repository.moved import NotWhereItWas
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "refunds.sql")


class Refunds:
    """Refunds, each read under its lock."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def lock(self, refund_id: str) -> Refund | None:
        """The refund with its lines, held until commit."""
        row = self._row(refund_id)
        if row is None:
            return None
        with self._connection.cursor(row_factory=class_row(Line)) as cursor:
            lines = tuple(cursor.execute(QUERIES["lines_of_refund"], {"refund_id": refund_id}))
        return Refund(
            refund_id=row["refund_id"],
            purchase_id=row["purchase_id"],
            workspace_id=row["workspace_id"],
            by=RefundBy(row["asked_by"]),
            actor_id=row["actor_id"],
            note=row["note"],
            amount_minor=row["amount_minor"],
            currency=row["currency"],
            payment_intent_id=row["payment_intent_id"],
            idempotency_key=row["idempotency_key"],
            content_hash=row["content_hash"],
            lines=lines,
            accepted_at=row["accepted_at"],
            state=RefundState(row["state"]),
            processor_refund_id=row["processor_refund_id"],
            reason=row["reason"],
            first_tried_at=row["first_tried_at"],
            step=row["step"],
            tries=row["tries"],
        )

    def cause(self, refund_id: str) -> Cause:
        """The command it came from."""
        row = self._row(refund_id)
        assert row is not None, "a refund that is told of is there"
        return Cause(row["cause_source"], row["cause_id"], row["correlation_id"], row["traceparent"])

    def insert(self, refund: Refund, cause: Cause) -> bool:
        """Store an accepted refund; the database compares its lines with its amount at commit.

        False when the id is taken. Raises UniqueViolation when a line is in another refund that has not failed.
        """
        inserted = self._connection.execute(
            QUERIES["insert_refund"],
            {
                "refund_id": refund.refund_id,
                "workspace_id": refund.workspace_id,
                "purchase_id": refund.purchase_id,
                "asked_by": refund.by,
                "actor_id": refund.actor_id,
                "note": refund.note,
                "amount_minor": refund.amount_minor,
                "currency": refund.currency,
                "payment_intent_id": refund.payment_intent_id,
                "idempotency_key": refund.idempotency_key,
                "content_hash": refund.content_hash,
                "accepted_at": refund.accepted_at,
                "cause_source": cause.source,
                "cause_id": cause.id,
                "correlation_id": cause.correlation_id,
                "traceparent": cause.traceparent,
            },
        )
        if inserted.rowcount == 0:
            return False
        users = [line.user_id for line in refund.lines]
        values = {"refund_id": refund.refund_id, "purchase_id": refund.purchase_id, "user_ids": users}
        self._connection.execute(QUERIES["insert_refund_lines"], values)
        return True

    def lines_in_refunds(self, purchase_id: str) -> dict[str, RefundState]:
        """By user, the refund that a line of this purchase is in and that has not failed."""
        rows = self._connection.execute(QUERIES["lines_in_refunds"], {"purchase_id": purchase_id})
        return {user_id: RefundState(state) for user_id, state in rows}

    def refunded_minor(self, purchase_id: str) -> int:
        """What went back of a purchase so far, in minor units; what the processor refunded by itself among it."""
        row = self._connection.execute(QUERIES["refunded_minor"], {"purchase_id": purchase_id}).fetchone()
        assert row is not None
        return int(row[0])

    def going_back_minor(self, purchase_id: str) -> int:
        """What went back of a purchase or is on its way, in minor units."""
        row = self._connection.execute(QUERIES["going_back_minor"], {"purchase_id": purchase_id}).fetchone()
        assert row is not None
        return int(row[0])

    def move(
        self,
        refund: Refund,
        to: RefundState,
        *,
        reason: str | None = None,
        processor_refund_id: str | None = None,
        verdict: bool = False,
    ) -> None:
        """Take the refund from the state it was read in to `to`; to the same state counts one more try. With `verdict`
        one more word about its credits was said. What has failed frees its lines. Raises `NotWhereItWas`."""
        moved = self._connection.execute(
            QUERIES["move_refund"],
            {
                "refund_id": refund.refund_id,
                "from": refund.state,
                "to": to,
                "reason": reason,
                "steps": int(verdict),
                "processor_refund_id": processor_refund_id,
            },
        )
        if moved.rowcount != 1:
            raise NotWhereItWas(f"refund {refund.refund_id} is no longer {refund.state}")
        if to is RefundState.FAILED:
            self._connection.execute(QUERIES["free_lines_of_refund"], {"refund_id": refund.refund_id})

    def note_first_try(self, refund_id: str, at: datetime) -> None:
        """Keep when it was first sent."""
        self._connection.execute(QUERIES["note_first_refund_try"], {"refund_id": refund_id, "at": at})

    def to_read(self, purchase_id: str) -> list[str]:
        """The refunds of a purchase that the processor may tell something new about."""
        rows = self._connection.execute(QUERIES["refunds_to_read"], {"purchase_id": purchase_id})
        return [refund_id for (refund_id,) in rows]

    def keep_proposal(
        self,
        proposal_id: str,
        of: tuple[str, str],
        asked_by: str,
        content_hash: bytes,
        asked_at: datetime,
    ) -> bool:
        """Remember who asked about a refund. `of`: workspace and purchase. False when the id was used for anything
        else before."""
        workspace_id, purchase_id = of
        self._connection.execute(
            QUERIES["keep_proposal"],
            {
                "proposal_id": proposal_id,
                "workspace_id": workspace_id,
                "purchase_id": purchase_id,
                "asked_by": asked_by,
                "content_hash": content_hash,
                "asked_at": asked_at,
            },
        )
        return self._proposal(proposal_id, workspace_id) == (asked_by, content_hash)

    def asked_by(self, proposal_id: str, workspace_id: str) -> str | None:
        """Who asked; None when nobody did."""
        row = self._proposal(proposal_id, workspace_id)
        return None if row is None else row[0]

    def _proposal(self, proposal_id: str, workspace_id: str) -> tuple[str, bytes] | None:
        values = {"proposal_id": proposal_id, "workspace_id": workspace_id}
        row = self._connection.execute(QUERIES["proposal"], values).fetchone()
        return None if row is None else (row[0], bytes(row[1]))

    def _row(self, refund_id: str) -> DictRow | None:
        with self._connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(QUERIES["lock_refund"], {"refund_id": refund_id}).fetchone()
