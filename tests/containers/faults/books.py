"""The books by plain SQL, as the auditor, who can change nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.containers.faults.homes import Homes
from tests.containers.faults.memory import Memory, Purchase
from tests.containers.faults.tally import Tally, once

QUOTA = 10_000  # of an editor on Business, by the examples' catalog

OF_BILLING = """
    SELECT purchase_id::text, count(*) FROM billing.purchases
    WHERE workspace_id = ANY(%s) AND state = %s GROUP BY purchase_id"""
REFUSED_BY_BILLING = """
    SELECT purchase_id::text, count(*) FROM billing.refused_purchases
    WHERE workspace_id = ANY(%s) GROUP BY purchase_id"""
CREDITED = """
    SELECT lot.purchase_id::text, sum(entry.credits)
    FROM credit_ledger.lots AS lot JOIN credit_ledger.entries AS entry USING (lot_id)
    WHERE lot.workspace_id = ANY(%s) AND lot.kind = 'top_up' AND entry.side = 'credit' GROUP BY lot.purchase_id"""
BURNED = """
    SELECT usage.usage_id, sum(posting.credits)
    FROM credit_ledger.usages AS usage JOIN credit_ledger.postings AS posting USING (transaction_id)
    WHERE usage.workspace_id = ANY(%s) AND posting.credit_contra = 'burned' GROUP BY usage.usage_id"""
REFUSED_USAGES = """
    SELECT usage_id, count(*) FROM credit_ledger.usages
    WHERE workspace_id = ANY(%s) AND outcome = 'refused' GROUP BY usage_id"""
REMAINING = """
    SELECT workspace_id, sum(remaining) FROM credit_ledger.lots
    WHERE workspace_id = ANY(%s) AND user_id = workspace_id || '-editor' GROUP BY workspace_id"""

NEVER = {
    "transactions whose entries do not sum to zero": """
        SELECT count(*) FROM (
            SELECT FROM credit_ledger.entries GROUP BY transaction_id HAVING sum(credits) <> 0
        ) AS unbalanced""",
    "lots that differ from the fold of their entries": """
        SELECT count(*) FROM credit_ledger.lots AS lot
        WHERE lot.remaining <> (
            SELECT coalesce(sum(entry.credits), 0) FROM credit_ledger.entries AS entry WHERE entry.lot_id = lot.lot_id
        )""",
    "burnings that belong to no usage": """
        SELECT count(*) FROM credit_ledger.postings AS posting
        WHERE posting.credit_contra = 'burned'
          AND NOT EXISTS (SELECT FROM credit_ledger.usages AS usage WHERE usage.transaction_id = posting.transaction_id)
        """,
    "transactions of more than one usage": """
        SELECT count(*) FROM (
            SELECT FROM credit_ledger.usages WHERE outcome = 'burned' GROUP BY transaction_id HAVING count(*) > 1
        ) AS shared""",
    "contradicting payments": "SELECT count(*) FROM credit_ledger.purchase_conflicts",
}
"""Of all that was ever done in this project, not of one fault alone."""

WAITING = "SELECT (SELECT count(*) FROM billing.outbox) + (SELECT count(*) FROM credit_ledger.outbox)"
REACHED = "SELECT topic, partition, next_offset FROM {schema}.offsets"


@dataclass(frozen=True)
class Books:
    """What stands there now."""

    auditor_url: str

    def tallies(self, memory: Memory, homes: Homes) -> list[Tally]:
        """Everything that the driver sent, purchase by purchase and usage by usage."""
        paid = memory.purchases_of("paid")
        good = [home.name for home in homes.good]
        bought, burned = memory.bought(), memory.burned()
        left = {name: QUOTA + bought.get(name, 0) - burned.get(name, 0) for name in good}
        return [
            Tally("billing: credited purchases", _ids(paid), self._counts(OF_BILLING, homes.names, "credited")),
            Tally(
                "billing: declined purchases",
                _ids(memory.purchases_of("declined")),
                self._counts(OF_BILLING, homes.names, "declined"),
            ),
            Tally(
                "billing: refused purchases",
                _ids(memory.purchases_of("refused")),
                self._of(REFUSED_BY_BILLING, homes),
            ),
            Tally("ledger: credits of purchases", {p.purchase_id: p.credits for p in paid}, self._of(CREDITED, homes)),
            Tally(
                "ledger: credits burned by usages",
                {usage.usage_id: usage.credits for usage in memory.usages_of("burned")},
                self._of(BURNED, homes),
            ),
            Tally(
                "ledger: refused usages",
                once(usage.usage_id for usage in memory.usages_of("refused")),
                self._of(REFUSED_USAGES, homes),
            ),
            Tally("ledger: credits that editors have left", left, self._counts(REMAINING, good)),
            *(Tally(f"books: {what}", {}, {"all": self._number(query)}) for what, query in NEVER.items()),
        ]

    def nothing_waits(self) -> bool:
        """What billing and the ledger decided is published."""
        return self._number(WAITING) == 0

    def reached(self, schema: str) -> dict[tuple[str, int], int]:
        """The next offset that a service will read, by topic and partition."""
        return {
            (str(topic), int(partition)): int(offset)
            for topic, partition, offset in self._rows(REACHED.format(schema=schema))
        }

    def _of(self, query: str, homes: Homes) -> Mapping[str, int]:
        return self._counts(query, homes.names)

    def _counts(self, query: str, *parameters: object) -> dict[str, int]:
        return {str(name): int(number) for name, number in self._rows(query, *parameters)}

    def _number(self, query: str) -> int:
        ((number,),) = self._rows(query)
        return int(number)

    def _rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.auditor_url, autocommit=True) as connection:
            return connection.execute(query.encode(), parameters or None).fetchall()


def _ids(purchases: Iterable[Purchase]) -> dict[str, int]:
    return once(purchase.purchase_id for purchase in purchases)
