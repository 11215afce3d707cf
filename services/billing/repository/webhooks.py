"""The webhook inbox in PostgreSQL: which events came, each once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg

from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "webhooks.sql")


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified event, by ids only. `purchase_id` is what the intent's metadata say, if it is a UUID at all."""

    event_id: str
    type: str
    created_at: datetime
    intent_id: str | None
    purchase_id: str | None


class Webhooks:
    """Events by id: a repeated or replayed one is known (case 15)."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def store(self, event: WebhookEvent, received_at: datetime) -> bool:
        """False when this event came before."""
        stored = self._connection.execute(
            QUERIES["store_event"],
            {
                "event_id": event.event_id,
                "type": event.type,
                "intent_id": event.intent_id,
                "purchase_id": event.purchase_id,
                "created_at": event.created_at,
                "received_at": received_at,
            },
        )
        return stored.rowcount == 1

    def purchase_of(self, event: WebhookEvent) -> str | None:
        """The purchase of ours that the event is about: by the intent we know, or else by the metadata."""
        row = self._connection.execute(QUERIES["purchase_of_intent"], {"intent_id": event.intent_id}).fetchone()
        if row is not None:
            found: str = row[0]
            return found
        known = self._connection.execute(QUERIES["purchase_exists"], {"purchase_id": event.purchase_id}).fetchone()
        return event.purchase_id if known is not None else None

    def intent_named_for(self, purchase_id: str) -> str | None:
        """The intent that a webhook named for this purchase, while its own answer is still missing."""
        row = self._connection.execute(QUERIES["intent_named_for"], {"purchase_id": purchase_id}).fetchone()
        return None if row is None else row[0]

    def heard_of_refund(self, purchase_id: str) -> bool:
        """Whether an event about a refund of this purchase's payment came, known as that then or not."""
        row = self._connection.execute(QUERIES["heard_of_refund"], {"purchase_id": purchase_id}).fetchone()
        return row is not None

    def heard_of_dispute(self, purchase_id: str) -> bool:
        """Whether an event about a dispute of this purchase's payment came, known as that then or not."""
        row = self._connection.execute(QUERIES["heard_of_dispute"], {"purchase_id": purchase_id}).fetchone()
        return row is not None
