"""Usages that were taken back, and what they had burned."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from services.credit_ledger.domain.hold import Part
from services.credit_ledger.domain.reversal import Reversal, UsageKey
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("reversals.sql"))


@dataclass(slots=True)
class Burned:
    """What a usage took, in burning order, and from whom. Nobody and nothing where it was refused."""

    account: tuple[str, str] | None = None
    parts: list[Part] = field(default_factory=list)


class ReversalRows:
    """Rows of `usage_reversals`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def burned(self, keys: Collection[UsageKey]) -> dict[UsageKey, Burned]:
        """What those of these usages burned that were decided. It never changes: no lock is needed."""
        found: dict[UsageKey, Burned] = {}
        rows = self._connection.execute(QUERIES["burned_by_usages"], _columns(keys))
        for workspace_id, source, usage_id, user_id, lot_id, credits in rows:
            burned = found.setdefault((workspace_id, source, usage_id), Burned())
            if lot_id is not None:
                burned.account = (workspace_id, user_id)
                burned.parts.append(Part(lot_id, credits))
        return found

    def reversed(self, keys: Collection[UsageKey]) -> set[UsageKey]:
        """Which of these were taken back before. To be read after the accounts are locked."""
        return {(row[0], row[1], row[2]) for row in self._connection.execute(QUERIES["reversed"], _columns(keys))}

    def write(self, reversals: Sequence[Reversal]) -> None:
        """Keep what was taken back now."""
        if reversals:
            self._connection.execute(
                QUERIES["add_reversals"],
                {
                    **_columns(reversal.key for reversal in reversals),
                    "transaction_ids": [reversal.transaction_id for reversal in reversals],
                    "returned": [sum(reversal.returned.values()) for reversal in reversals],
                    "lapsed": [sum(reversal.lapsed.values()) for reversal in reversals],
                    "decided_at": [reversal.at for reversal in reversals],
                },
            )


def _columns(keys: Iterable[UsageKey]) -> dict[str, list[str]]:
    listed = list(keys)
    return {
        "workspace_ids": [key[0] for key in listed],
        "sources": [key[1] for key in listed],
        "usage_ids": [key[2] for key in listed],
    }
