"""What the naive ledger keeps: a lot that remembers everything that ever happened to it, and a hold."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

Account = tuple[str, str]


@dataclass
class NaiveLot:
    """Credits and what became of each."""

    account: Account
    kind: str
    opened_at: datetime
    lot_id: str
    credits: int
    starts: datetime | None = None
    ends: datetime | None = None
    burned_by: list[str] = field(default_factory=list)
    lapsed: int = 0
    held_by: list[str] = field(default_factory=list)
    has_lapsed: bool = False
    recalls: dict[str, tuple[int, str]] = field(default_factory=dict)  # the latest step and word of each
    gone: int = 0  # taken back, while it is
    owed: int = 0  # what of that was not there and is debt instead
    paid: int = 0  # went into debt
    withdrawn: int = 0
    given: int | None = None  # what the plan and seat give of a quota by now

    @property
    def frozen(self) -> bool:
        words = {word for _, word in self.recalls.values()}
        return "open" in words and "take_back" not in words

    @property
    def usable(self) -> int:
        if self.frozen:
            return 0
        if self.given is None:
            return self.left
        return min(self.left, max(0, self.given - len(self.burned_by) - len(self.held_by)))

    @property
    def left(self) -> int:
        there = self.credits - len(self.burned_by) - self.lapsed - len(self.held_by)
        return there - self.paid - self.withdrawn - self.gone + self.owed


@dataclass
class NaiveHold:
    """One hold; which credits it holds is written on the lots."""

    credits: int
    ends: datetime
    state: str = "held"
