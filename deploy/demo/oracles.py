"""The independent witnesses of the story's money: the processor's journal on disk, and plain SQL as the auditor."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

PAID = "SELECT purchase_id::text, total_minor FROM billing.purchases WHERE state IN ('paid', 'credited')"
TRANSACTIONS = "SELECT count(DISTINCT transaction_id) FROM credit_ledger.entries"
UNBALANCED = """
    SELECT count(*) FROM (
        SELECT transaction_id FROM credit_ledger.entries GROUP BY transaction_id HAVING sum(credits) <> 0
    ) AS unbalanced"""
LOTS = "SELECT count(*) FROM credit_ledger.lots"
DIFFERING = """
    SELECT count(*) FROM credit_ledger.lots AS lot
    WHERE lot.remaining <> (
        SELECT coalesce(sum(entry.credits), 0) FROM credit_ledger.entries AS entry WHERE entry.lot_id = lot.lot_id
    )"""


@dataclass(frozen=True)
class StripeJournal:
    """The sandbox's append-only file, read from disk: what really happened to money."""

    path: Path

    def charges_of(self, purchase_id: str) -> list[int]:
        """Amounts taken for a purchase, in minor units, one for each successful charge."""
        return [line["amount_minor"] for line in self._charges() if line["metadata"].get("purchase_id") == purchase_id]

    def intents_of(self, purchase_id: str) -> list[str]:
        """The PaymentIntents that ever touched a card for a purchase, declined ones included."""
        mine = [line for line in self._lines() if line["metadata"].get("purchase_id") == purchase_id]
        return sorted({line["payment_intent"] for line in mine})

    def charged_by_purchase(self) -> dict[str, int]:
        """What was taken in all, by purchase."""
        totals: dict[str, int] = {}
        for line in self._charges():
            purchase_id = line["metadata"].get("purchase_id", "unknown")
            totals[purchase_id] = totals.get(purchase_id, 0) + line["amount_minor"]
        return totals

    def succeeded_total(self) -> int:
        """Everything taken from cards so far, in minor units."""
        return sum(line["amount_minor"] for line in self._charges())

    def _charges(self) -> list[dict[str, Any]]:
        return [line for line in self._lines() if line["effect"] == "charge_succeeded"]

    def _lines(self) -> list[dict[str, Any]]:
        if not self.path.exists():
            return []
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


@dataclass(frozen=True)
class Books:
    """What the auditor can read. The role can change nothing."""

    auditor_url: str
    environment: Mapping[str, str]

    def paid_purchases(self) -> dict[str, int]:
        """Total in minor units of each purchase that billing holds for paid."""
        return {str(purchase): int(total) for purchase, total in self._rows(PAID)}

    def transactions(self) -> int:
        return int(self._rows(TRANSACTIONS)[0][0])

    def unbalanced_transactions(self) -> int:
        return int(self._rows(UNBALANCED)[0][0])

    def lots(self) -> int:
        return int(self._rows(LOTS)[0][0])

    def lots_that_differ_from_their_entries(self) -> int:
        return int(self._rows(DIFFERING)[0][0])

    def has_consumed(self, schema: str, topic: str, offsets: Mapping[int, int]) -> bool:
        """Whether a service has consumed each of these partitions up to its offset."""
        rows = self._rows(f"SELECT partition, next_offset FROM {schema}.offsets WHERE topic = %s", topic)  # noqa: S608
        reached = {int(partition): int(offset) for partition, offset in rows}
        return all(reached.get(partition, 0) >= offset for partition, offset in offsets.items())

    def verify(self) -> subprocess.CompletedProcess[str]:
        """The ledger's own check, as an operator runs it."""
        command = [sys.executable, "-m", "services.credit_ledger", "verify"]
        return subprocess.run(command, env=dict(self.environment), capture_output=True, text=True, check=False)

    def _rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.auditor_url, autocommit=True) as connection:
            return connection.execute(query.encode(), parameters or None).fetchall()
