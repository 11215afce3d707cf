"""What notices are about: requests, purchases and recalls, as far as this service must remember them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from services.notification.domain.matters import PaidAndCredited
from services.notification.domain.notice import Facts, Occasion
from shared.contracts.credit_ledger import PurchaseCredited
from shared.contracts.recalls import RecallCause, RecallOpened
from shared.contracts.top_up_events import PurchasePaid, TopUpRequested
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("matters.sql"))


class Matters:
    """The tables `requests`, `purchases` and `recalls`, inside one transaction."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def request_made(self, request: TopUpRequested) -> bool:
        """Remember what was asked for. True when the request is known to be settled already."""
        keys = {"workspace_id": request.workspace_id, "request_id": request.request_id}
        row = self._connection.execute(QUERIES["request_made"], {**keys, "facts": Jsonb(request.wire())}).fetchone()
        return bool(row and row[0])

    def request_resolved(self, workspace_id: str, request_id: str, at: datetime) -> None:
        """Remember that the request is settled."""
        keys = {"workspace_id": workspace_id, "request_id": request_id}
        self._connection.execute(QUERIES["request_resolved"], {**keys, "at": at})

    def request(self, workspace_id: str, request_id: str) -> Facts | None:
        """What was asked for; None when it is not known here."""
        keys = {"workspace_id": workspace_id, "request_id": request_id}
        row = self._connection.execute(QUERIES["find_request"], keys).fetchone()
        return row[0] if row else None

    def paid(self, purchase: PurchasePaid, occasion: Occasion) -> PaidAndCredited | None:
        """Remember the payment. The whole when the credits are there too."""
        return self._joined(
            "purchase_paid",
            purchase.workspace_id,
            purchase.purchase_id,
            {
                "source": occasion.source,
                "event_id": occasion.id,
                "at": occasion.occurred_at,
                "facts": Jsonb(purchase.wire()),
            },
        )

    def credited(self, purchase: PurchaseCredited, at: datetime) -> PaidAndCredited | None:
        """Remember the credits. The whole when the payment is there too."""
        debts = {line.user_id: line.debt_settled for line in purchase.lines if line.debt_settled}
        half = {"at": at, "debts": Jsonb(debts)}
        return self._joined("purchase_credited", purchase.workspace_id, purchase.purchase_id, half)

    def recall_opened(self, recall: RecallOpened) -> None:
        """Remember why these credits are called back."""
        keys = {"workspace_id": recall.workspace_id, "recall_id": recall.recall_id}
        self._connection.execute(QUERIES["recall_opened"], {**keys, "cause": recall.cause})

    def cause_of(self, workspace_id: str, recall_id: str) -> RecallCause | None:
        """Why they are called back; None while billing's word has not come."""
        keys = {"workspace_id": workspace_id, "recall_id": recall_id}
        row = self._connection.execute(QUERIES["cause_of_recall"], keys).fetchone()
        return row[0] if row else None

    def _joined(
        self, query: str, workspace_id: str, purchase_id: str, half: Mapping[str, Any]
    ) -> PaidAndCredited | None:
        keys = {"workspace_id": workspace_id, "purchase_id": purchase_id}
        row = self._connection.execute(QUERIES[query], {**keys, **half}).fetchone()
        assert row is not None, "an upsert that always writes returns its row"
        source, event_id, paid_at, facts, credited_at, debts = row
        if source is None or credited_at is None:
            return None
        occasion = Occasion(source, event_id, workspace_id, paid_at)
        return PaidAndCredited(workspace_id, purchase_id, facts["buyer_id"], occasion, facts, debts or {})
