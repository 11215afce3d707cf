"""The ids of the books, derived from what caused them: a replay writes the same rows and publishes the same facts."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from shared.messaging.ids import derive


def quota_lot(workspace_id: str, user_id: str, period_start: datetime) -> UUID:
    """The quota lot of an account and a period; the same whoever makes it, a usage or the renewal."""
    return derive("quota-lot", workspace_id, user_id, period_start.astimezone(UTC).isoformat())


def issue(lot_id: UUID) -> UUID:
    """The transaction that opens a quota lot."""
    return derive("issue", lot_id.hex)


def lapse(lot_id: UUID) -> UUID:
    """The transaction that empties a quota lot at its period's end."""
    return derive("lapse", lot_id.hex)


def burn(workspace_id: str, source: str, usage_id: str) -> UUID:
    """The transaction of a usage."""
    return derive("burn", workspace_id, source, usage_id)


def purchase(workspace_id: str, purchase_id: str) -> UUID:
    """The transaction that credits all lines of a purchase."""
    return derive("purchase", workspace_id, purchase_id)
