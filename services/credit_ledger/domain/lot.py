"""A lot: credits of one origin in one account (C1)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.contracts.credit_ledger import LotKind


@dataclass(slots=True, eq=False)
class Lot:
    """A working copy under the account's lock; `remaining` is all that changes. Periods belong to quota lots,
    a purchase, or an operator's grant, to top-up lots. `stored` is what the books say is left, None while the
    lot is not in them. `withheld`: how much less than what was granted a smaller plan or seat gives now (C8); nobody
    can use it, and it lapses with the rest. `frozen`: nobody can use it while a recall is open. `taken`: how much of it
    was taken back, 0 while it is not; `owed`: the debt that came of that; `settled`: what of it went into debt;
    `withdrawn`: what operators took out of it (B11, B12, B15). `lapsed`: what was left of it has lapsed before, so
    nothing returns to it any more (C12); told only of lots without credits."""

    lot_id: UUID
    kind: LotKind
    granted: int
    remaining: int
    opened_at: datetime
    period_start: datetime | None = None
    period_end: datetime | None = None
    purchase_id: UUID | None = None
    stored: int | None = None
    withheld: int = 0
    grant_id: UUID | None = None
    frozen: bool = False
    taken: int = 0
    owed: int = 0
    settled: int = 0
    withdrawn: int = 0
    lapsed: bool = False

    @property
    def left(self) -> int:
        """What may be used of it: for quota, what the plan gives less what was used of it in the period (C8)."""
        return 0 if self.frozen else max(0, self.remaining - self.withheld)


def burning_order(lot: Lot) -> tuple[bool, datetime, UUID]:
    """C1: quota before top-up, the oldest first. The id breaks ties, so that every replay burns alike."""
    return lot.kind == "top_up", lot.opened_at, lot.lot_id
