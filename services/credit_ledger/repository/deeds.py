"""What operators did: one row for ever per command id, and the sums of their days (B15)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

import psycopg

from services.credit_ledger.domain.operator_deed import Deed, DeedKey, OperatorLimits
from shared.contracts.reasons import Reason
from shared.messaging.failures import Weather
from shared.messaging.work import Cause
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("deeds.sql"))

DayKey = tuple[str, date]  # operator, UTC day


class DeedRows:
    """Rows of `operator_deeds` and `operator_days`."""

    def __init__(self, connection: psycopg.Connection, limits: OperatorLimits) -> None:
        self._connection = connection
        self.limits = limits

    def known(self, keys: Collection[DeedKey]) -> dict[DeedKey, Deed]:
        """Which of these were decided before. To be read after the accounts are locked."""
        about = {
            "workspace_ids": [key[0] for key in keys],
            "families": [key[1] for key in keys],
            "deed_ids": [UUID(key[2]) for key in keys],
        }
        found = {}
        for workspace_id, family, deed_id, *rest in self._connection.execute(QUERIES["deeds"], about):
            kind, user_id, credits, operator_id, reason, decided_at, refusal, *done = rest
            what = (kind, user_id, credits, operator_id, reason, decided_at)
            deed = Deed(workspace_id, family, str(deed_id), *what, Reason(refusal) if refusal else None, *done)
            found[deed.key] = deed
        return found

    def lock_days(self, keys: Collection[DayKey]) -> dict[DayKey, int]:
        """What these operators moved on these days, locked until the transaction ends."""
        about = {"operator_ids": [key[0] for key in keys], "days": [key[1] for key in keys]}
        self._connection.execute(QUERIES["ensure_days"], about)
        return {(row[0], row[1]): row[2] for row in self._connection.execute(QUERIES["lock_days"], about)}

    def write(self, deeds: Sequence[tuple[Deed, Cause]], days: Mapping[DayKey, int]) -> None:
        """Keep what was decided now; lots of grants follow.

        Raises `Weather` when another process decided one of them at this very moment: next time it will be seen.
        """
        rows = [
            {
                "workspace_id": deed.workspace_id,
                "family": deed.family,
                "deed_id": UUID(deed.deed_id),
                "kind": deed.kind,
                "user_id": deed.user_id,
                "credits": deed.credits,
                "operator_id": deed.operator_id,
                "reason": deed.reason,
                "event_source": cause.source,
                "event_id": cause.id,
                "refusal": deed.refusal.value if deed.refusal else None,
                "detail": deed.detail,
                "transaction_id": deed.transaction_id,
                "lot_id": deed.lot_id,
                "settled": deed.settled,
                "decided_at": deed.decided_at,
            }
            for deed, cause in deeds
        ]
        with self._connection.cursor() as cursor:
            try:
                cursor.executemany(QUERIES["add_deed"], rows)
            except psycopg.errors.UniqueViolation as error:
                raise Weather("a command of this batch was decided elsewhere meanwhile") from error
            cursor.executemany(
                QUERIES["write_day"],
                [{"operator_id": key[0], "day": key[1], "credits": credits} for key, credits in days.items()],
            )
