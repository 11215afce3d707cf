"""Purchases in PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import class_row, dict_row

from services.billing.domain.price import Price
from services.billing.domain.purchase import Line, Purchase, PurchaseState
from services.billing.repository.moved import NotWhereItWas
from shared.contracts.reasons import Reason
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "purchases.sql")


class Purchases:
    """Purchases, each read under its lock."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def workspace_of(self, purchase_id: str) -> str | None:
        """The workspace to lock before this purchase is."""
        row = self._connection.execute(QUERIES["workspace_of_purchase"], {"purchase_id": purchase_id}).fetchone()
        return None if row is None else row[0]

    def lock(self, purchase_id: str) -> Purchase | None:
        """The purchase, held until commit."""
        with self._connection.cursor(row_factory=dict_row) as cursor:
            row = cursor.execute(QUERIES["lock_purchase"], {"purchase_id": purchase_id}).fetchone()
        if row is None:
            return None
        with self._connection.cursor(row_factory=class_row(Line)) as cursor:
            lines = tuple(cursor.execute(QUERIES["lines"], {"purchase_id": purchase_id}))
        return Purchase(
            purchase_id=row["purchase_id"],
            workspace_id=row["workspace_id"],
            buyer_id=row["buyer_id"],
            request_id=row["request_id"],
            price=Price(
                package_id=row["package_id"],
                user_ids=tuple(line.user_id for line in lines),
                unit_price_minor=row["unit_price_minor"],
                total_minor=row["total_minor"],
                currency=row["currency"],
                catalog_version=row["catalog_version"],
            ),
            credits_each=row["credits_each"],
            lines=lines,
            state=PurchaseState(row["state"]),
            content_hash=row["content_hash"],
            accepted_at=row["accepted_at"],
            credited_at=row["credited_at"],
            reason=None if row["reason"] is None else Reason(row["reason"]),
        )

    def insert(self, purchase: Purchase) -> bool:
        """Store an accepted purchase with its lines; the database compares their sum with the total at commit.

        False when the id is taken, in whatever workspace.
        """
        price = purchase.price
        inserted = self._connection.execute(
            QUERIES["insert_purchase"],
            {
                "purchase_id": purchase.purchase_id,
                "workspace_id": purchase.workspace_id,
                "buyer_id": purchase.buyer_id,
                "request_id": purchase.request_id,
                "package_id": price.package_id,
                "credits_each": purchase.credits_each,
                "unit_price_minor": price.unit_price_minor,
                "line_count": len(purchase.lines),
                "total_minor": price.total_minor,
                "currency": price.currency,
                "catalog_version": price.catalog_version,
                "content_hash": purchase.content_hash,
                "accepted_at": purchase.accepted_at,
            },
        )
        if inserted.rowcount == 0:
            return False
        self._connection.execute(
            QUERIES["insert_lines"],
            {
                "purchase_id": purchase.purchase_id,
                "price_minor": price.unit_price_minor,
                "user_ids": [line.user_id for line in purchase.lines],
                "lot_ids": [line.lot_id for line in purchase.lines],
            },
        )
        return True

    def move(self, purchase: Purchase, to: PurchaseState, at: datetime, reason: Reason | None = None) -> None:
        """Take the purchase from the state it was read in to `to`. Raises `NotWhereItWas`."""
        moved = self._connection.execute(
            QUERIES["move_purchase"],
            {"purchase_id": purchase.purchase_id, "from": purchase.state, "to": to, "at": at, "reason": reason},
        )
        if moved.rowcount != 1:
            raise NotWhereItWas(f"purchase {purchase.purchase_id} is no longer {purchase.state}")

    def note_credited(self, purchase_id: str, credited_at: datetime) -> None:
        """Keep when the ledger credited it; the first word stands."""
        self._connection.execute(QUERIES["note_credited"], {"purchase_id": purchase_id, "credited_at": credited_at})
