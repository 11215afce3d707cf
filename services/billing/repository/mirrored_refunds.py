"""Refunds of the processor's own, and whose credits they take, in PostgreSQL (B11)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import psycopg
from psycopg.rows import class_row, dict_row

from services.billing.domain.mirrored import MirroredRefund, MirroredState
from services.billing.domain.purchase import Line
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "mirrored_refunds.sql")


class MirroredRefunds:
    """By the purchase they are about. Who writes holds the lock of its workspace."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def lock(self, purchase_id: str) -> dict[str, MirroredRefund]:
        """Those of a purchase by the processor's ids, oldest first, held until commit."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(QUERIES["lock_mirrored"], {"purchase_id": purchase_id}).fetchall()
        return {
            row["processor_refund_id"]: MirroredRefund(
                **{**row, "state": MirroredState(row["state"]), "lines": self._lines(row["processor_refund_id"])}
            )
            for row in rows
        }

    def insert(self, mirrored: MirroredRefund) -> None:
        """A refund seen for the first time, undecided. Raises UniqueViolation."""
        self._connection.execute(QUERIES["insert_mirrored"], {**asdict(mirrored), "lines": None})

    def move(self, mirrored: MirroredRefund) -> None:
        """It is in this state now: taken it has its lines, failed they are free for other refunds.

        Raises UniqueViolation when a line is taken by another one.
        """
        values = {**asdict(mirrored), "lines": None, "user_ids": [line.user_id for line in mirrored.lines]}
        self._connection.execute(QUERIES["move_mirrored"], values)
        if mirrored.state is MirroredState.TAKEN:
            self._connection.execute(QUERIES["insert_mirrored_lines"], values)
        elif mirrored.state is MirroredState.FAILED:
            self._connection.execute(QUERIES["free_mirrored_lines"], values)

    def note_decision(self, mirrored: MirroredRefund, operator_id: str, note: str, content_hash: bytes) -> None:
        """Who decided about it, why, and by which content."""
        self._connection.execute(
            QUERIES["note_decision"],
            {
                "processor_refund_id": mirrored.processor_refund_id,
                "operator_id": operator_id,
                "note": note,
                "content_hash": content_hash,
            },
        )

    def decided_by(self, mirrored: MirroredRefund) -> bytes | None:
        """The content of the command that decided; None when none did."""
        row = self._connection.execute(
            QUERIES["decision"], {"processor_refund_id": mirrored.processor_refund_id}
        ).fetchone()
        return None if row is None or row[0] is None else bytes(row[0])

    def _lines(self, processor_refund_id: str) -> tuple[Line, ...]:
        with self._connection.cursor(row_factory=class_row(Line)) as cursor:
            return tuple(cursor.execute(QUERIES["mirrored_lines"], {"processor_refund_id": processor_refund_id}))
