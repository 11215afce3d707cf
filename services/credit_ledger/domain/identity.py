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


def growth(lot_id: UUID, version: int) -> UUID:
    """The transaction that makes a quota lot larger inside its period, by the account's version (C8)."""
    return derive("growth", lot_id.hex, version)


def lapse(lot_id: UUID) -> UUID:
    """The transaction that empties a quota lot at its period's end."""
    return derive("lapse", lot_id.hex)


def burn(workspace_id: str, source: str, usage_id: str) -> UUID:
    """The transaction of a usage."""
    return derive("burn", workspace_id, source, usage_id)


def purchase(workspace_id: str, purchase_id: str) -> UUID:
    """The transaction that credits all lines of a purchase."""
    return derive("purchase", workspace_id, purchase_id)


def reversal(workspace_id: str, source: str, usage_id: str) -> UUID:
    """The transaction that takes a usage back."""
    return derive("reversal", workspace_id, source, usage_id)


def hold(workspace_id: str, source: str, hold_id: str) -> UUID:
    """The transaction that takes the credits of a hold from their lots."""
    return derive("hold", workspace_id, source, hold_id)


def recall_step(workspace_id: str, recall_id: str, step: int) -> UUID:
    """The transaction by which a recall took back its lines, or gave them back."""
    return derive("recall-step", workspace_id, recall_id, step)


def granted_lot(workspace_id: str, grant_id: str) -> UUID:
    """The lot of an operator's grant."""
    return derive("granted-lot", workspace_id, grant_id)


def deed(kind: str, workspace_id: str, deed_id: str) -> UUID:
    """The transaction of what an operator did."""
    return derive("operator-deed", kind, workspace_id, deed_id)


def end_of_hold(how: str, workspace_id: str, source: str, hold_id: str) -> UUID:
    """The transaction by which a hold was captured, released or expired."""
    return derive("end-of-hold", how, workspace_id, source, hold_id)
