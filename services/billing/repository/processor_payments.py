"""Payments that the processor has and we did not when they were listed, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg.rows import class_row

from services.billing.domain.adoption import Charged
from services.billing.domain.intent import Intent
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "processor_payments.sql")


@dataclass(frozen=True, slots=True)
class Listing:
    """What was known before a listing: the server's start names the life of the database. `until` None: never."""

    server_started_at: datetime
    until: datetime | None


class ProcessorPayments:
    """The processor's payments as far as they are news to us."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def are_listed(self) -> bool:
        """Whether they were listed since this database came to life: false in every restored or promoted one."""
        row = self._connection.execute(QUERIES["listed_in_this_life"]).fetchone()
        return row is not None and bool(row[0])

    def listing(self) -> Listing:
        """Where the next listing begins."""
        row = self._connection.execute(QUERIES["read_listing"]).fetchone()
        assert row is not None
        return Listing(*row)

    def note_listing(self, before: Listing, until: datetime) -> bool:
        """Everything was listed up to `until`. False when the database is not the one that `before` was read from."""
        values = {"server_started_at": before.server_started_at, "since": before.until, "until": until}
        return self._connection.execute(QUERIES["note_listing"], values).rowcount == 1

    def store(self, intents: Sequence[Intent], listed_at: datetime) -> int:
        """Keep those of purchases that we do not have; returns how many these are."""
        return self._connection.execute(
            QUERIES["store_payments"],
            {
                "intent_ids": [intent.intent_id for intent in intents],
                "purchase_ids": [intent.purchase_id for intent in intents],
                "workspace_ids": [intent.workspace_id for intent in intents],
                "statuses": [intent.status for intent in intents],
                "amounts_minor": [intent.amount_minor for intent in intents],
                "currencies": [intent.currency for intent in intents],
                "customer_ids": [intent.customer_id for intent in intents],
                "payment_method_ids": [intent.payment_method_id for intent in intents],
                "listed_at": listed_at,
            },
        ).rowcount

    def of(self, purchase_id: str) -> Charged | None:
        """What the processor has for this purchase, whichever workspace it names."""
        with self._connection.cursor(row_factory=class_row(Charged)) as cursor:
            return cursor.execute(QUERIES["charged_for"], {"purchase_id": purchase_id}).fetchone()

    def unexplained(self, before: datetime) -> list[str]:
        """Purchases that were paid there and have not come to us by their command, listed before this instant."""
        return [purchase_id for (purchase_id,) in self._connection.execute(QUERIES["unexplained"], {"before": before})]
