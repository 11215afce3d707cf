"""Refusals that are final for their id (B7), in PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from pathlib import Path

import psycopg

from services.billing.domain.verdict import Refusal
from shared.contracts.reasons import Reason
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("sql") / "refusals.sql")


class Refused(Enum):
    """Whose id it is; the value names the queries."""

    PURCHASE = "purchase"
    REQUEST = "request"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class RememberedRefusal:
    """What an id was answered, and to which content."""

    content_hash: bytes
    refusal: Refusal


class Refusals:
    """Refused ids, each by workspace."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def of(self, what: Refused, workspace_id: str, refused_id: str) -> RememberedRefusal | None:
        """What this id was refused for in this workspace, if it was."""
        row = self._connection.execute(
            QUERIES[f"refusal_of_{what.value}"], {"workspace_id": workspace_id, "id": refused_id}
        ).fetchone()
        return None if row is None else RememberedRefusal(row[0], Refusal(Reason(row[1]), row[2], row[3]))

    def remember(
        self, what: Refused, workspace_id: str, refused_id: str, content_hash: bytes, refusal: Refusal, at: datetime
    ) -> None:
        """Keep a refusal for ever."""
        self._connection.execute(
            QUERIES[f"remember_refused_{what.value}"],
            {
                "workspace_id": workspace_id,
                "id": refused_id,
                "content_hash": content_hash,
                "reason": refusal.reason,
                "detail": refusal.detail,
                "try_again_at": refusal.try_again_at,
                "refused_at": at,
            },
        )
