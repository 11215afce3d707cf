"""Quotas by another calendar and by hand: recurrence rules for the borders, a sum of what was used, nothing else.

It is written from the rules C6 to C8 and C16, for one editor and the pool of one workspace without purchases and holds,
and shares no code with the ledger nor with the naive model of whole histories.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache

from dateutil.rrule import MONTHLY, rrule

from shared.contracts.price_catalog import Quotas

HOUR = timedelta(hours=1)
Lot = tuple[str, datetime]  # who pays, from when


@cache
def borders(anchor: date) -> list[datetime]:
    """Every midnight, in UTC, at which a period begins: the anchor's day of each month, or the month's last day."""
    first = datetime(anchor.year - 3, 1, 1, tzinfo=UTC)
    return list(rrule(MONTHLY, first, bymonthday=(anchor.day, -1), bysetpos=1, count=12 * 9))


def begin_of(anchor: date, at: datetime) -> datetime:
    """When the period of an instant began."""
    return borders(anchor)[bisect_right(borders(anchor), at) - 1]


def end_of(anchor: date, at: datetime) -> datetime:
    """When it ends."""
    return borders(anchor)[bisect_right(borders(anchor), at)]


@dataclass
class QuotaBook:
    """One workspace with one member: what each quota gives, and what was used of it."""

    quotas: Quotas
    anchor: date
    plan: str = "pro"
    role: str = "editor"
    begun: dict[str, datetime] = field(default_factory=dict)
    given: dict[Lot, int] = field(default_factory=dict)
    pool_gave: dict[datetime, int] = field(default_factory=dict)
    used: dict[Lot, int] = field(default_factory=dict)

    @property
    def payer(self) -> str:
        return "~pool" if self.plan == "free" else "erin"

    def look(self, at: datetime) -> None:
        """Time passes, or something has changed: the payer's period begins, the other's quota is closed."""
        other = "erin" if self.payer == "~pool" else "~pool"
        if other in self.begun:
            self.given[other, self.begun[other]] = 0
        if self.payer == "erin" and self.role == "viewer":
            return
        begin = begin_of(self.anchor, at)
        if self.payer == "~pool" and begin not in self.pool_gave:
            is_new = "~pool" not in self.begun and begin.date() == self.anchor
            self.pool_gave[begin] = self.quotas.free_first_period if is_new else self.quotas.free
        self.begun[self.payer] = begin
        seat = "guest_editor" if self.role == "guest_editor" else "editor"
        gives = self.pool_gave[begin] if self.payer == "~pool" else getattr(self.quotas, f"{self.plan}_{seat}")
        self.given[self.payer, begin] = gives

    def left(self, payer: str, begin: datetime) -> int:
        """What a quota gives less what was used of it."""
        return max(0, self.given.get((payer, begin), 0) - self.used.get((payer, begin), 0))

    def use(self, credits: int, at: datetime, occurred_at: datetime) -> bool:
        """Whether a usage was burned, from the quota that ended less than an hour ago first if it occurred in that."""
        if self.role == "viewer":
            return False
        self.look(at)
        now = begin_of(self.anchor, at)
        before = begin_of(self.anchor, now - timedelta(microseconds=1))
        is_late = before <= occurred_at < now and at <= now + HOUR
        begins = [before, now] if is_late else [now]
        if sum(self.left(self.payer, begin) for begin in begins) < credits:
            return False
        for begin in begins:
            taken = min(credits, self.left(self.payer, begin))
            self.used[self.payer, begin] = self.used.get((self.payer, begin), 0) + taken
            credits -= taken
        return True
