"""A lot: credits of one origin in one account (C1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.credit_ledger import LotKind


@dataclass(slots=True, eq=False)
class Lot:
    """A working copy under the account's lock; `remaining` is all that changes. Periods belong to quota lots,
    a purchase to top-up lots. `stored` is what the books say is left, None while the lot is not in them. `lapsed`: what
    was left of it has lapsed before, so nothing returns to it any more (C12); told only of lots without credits."""

    lot_id: UUID
    kind: LotKind
    granted: int
    remaining: int
    opened_at: datetime
    period_start: datetime | None = None
    period_end: datetime | None = None
    purchase_id: UUID | None = None
    stored: int | None = None
    lapsed: bool = False


def burning_order(lot: Lot) -> tuple[bool, datetime, UUID]:
    """C1: quota before top-up, the oldest first. The id breaks ties, so that every replay burns alike."""
    return lot.kind == "top_up", lot.opened_at, lot.lot_id
