"""The permanent row of each usage: what was reported, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import psycopg

from services.credit_ledger.domain.usage import Refusal, Usage
from shared.contracts.reasons import Reason
from shared.messaging.failures import Weather
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("usages.sql"))

USAGE_TYPES = (
    *("text", "text", "text", "text", "timestamptz", "text", "int8"),
    *("int8", "int8", "text", "uuid", "text", "int8", "timestamptz"),
)

UsageKey = tuple[str, str, str]  # workspace, source, usage id


class Decided(NamedTuple):
    """A usage that was decided before. `refusal` is None when it was burned."""

    usage: Usage
    refusal: Refusal | None


class UsageRow(NamedTuple):
    """One row to be written."""

    workspace_id: str
    source: str
    usage_id: str
    user_id: str
    occurred_at: datetime
    action: str | None
    quantity: int | None
    credits: int
    catalog_version: int | None
    outcome: str
    transaction_id: UUID | None
    reason: str | None
    available: int | None
    decided_at: datetime


class UsageRows:
    """Rows of `usages`."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def decided(self, keys: Iterable[UsageKey]) -> dict[UsageKey, Decided]:
        """Which of these were decided before, and how. To be read after the accounts are locked."""
        wanted = list(keys)
        rows = self._connection.execute(
            QUERIES["usages"],
            {
                "workspace_ids": [key[0] for key in wanted],
                "sources": [key[1] for key in wanted],
                "usage_ids": [key[2] for key in wanted],
            },
        )
        return {row[:3]: _decided(*row[3:]) for row in rows}

    def write(self, rows: Iterable[UsageRow]) -> None:
        """Keep what was decided now, in the order of the keys: two workers with the same usages wait one way only.

        Raises `Weather` when another process decided one of them at this very moment: next time it will be seen.
        """
        try:
            with self._connection.cursor() as cursor, cursor.copy(QUERIES["copy_usages"]) as copy:
                copy.set_types(USAGE_TYPES)
                for row in sorted(rows, key=_key):
                    copy.write_row(row)
        except psycopg.errors.UniqueViolation as error:
            raise Weather("a usage of this batch was decided elsewhere meanwhile") from error


def _key(row: UsageRow) -> UsageKey:
    return row[:3]


def _decided(
    user_id: str,
    occurred_at: datetime,
    action: str | None,
    quantity: int | None,
    credits: int,
    catalog_version: int | None,
    reason: str | None,
    available: int,
) -> Decided:
    usage = Usage(user_id, occurred_at, credits if action is None else None, action, quantity)
    return Decided(usage, Refusal(Reason(reason), credits, available, catalog_version) if reason else None)
