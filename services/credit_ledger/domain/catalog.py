"""What a period's quota is and what an action costs, by the catalog version in force at that time (C6, C17)."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from typing import NamedTuple

from services.credit_ledger.domain.eligibility import Seat
from shared.contracts.fields import MAX_CREDITS
from shared.contracts.reasons import Reason


class ActionPrice(NamedTuple):
    """`credits` for every started `per` units."""

    credits: int
    per: int


@dataclass(frozen=True, slots=True)
class CatalogVersion:
    """One version. `quotas` are credits by seat; `free_first_period` is the pool's when it is new."""

    version: int
    effective_at: datetime
    free_first_period: int
    quotas: Mapping[Seat, int]
    prices: Mapping[str, ActionPrice] = field(default_factory=dict)
    low_balance_percent: int = 20


class Price(NamedTuple):
    """What a usage costs, and by which version it was priced (None when the product stated credits)."""

    credits: int
    catalog_version: int | None


class Catalogs:
    """All versions side by side. In force is the highest one that has begun, as for the quotes that billing makes."""

    def __init__(self, versions: Iterable[CatalogVersion]) -> None:
        # Of two that begin at one instant the higher comes first: it is in force from there, the other never is.
        begun = sorted(versions, key=lambda each: (each.effective_at, -each.version))
        self._versions = {each.version: each for each in begun}
        self._starts = [each.effective_at for each in begun]
        self._highest = list(accumulate(begun, _higher))

    def __bool__(self) -> bool:
        return bool(self._highest)

    def in_force(self, at: datetime) -> CatalogVersion:
        """The version in force at an instant. Before any had begun there was none: the first to begin answers for then.

        Raises `IndexError` when there is no version at all; callers ask first.
        """
        return self._highest[max(0, bisect_right(self._starts, at) - 1)]

    def quota(self, seat: Seat, starting_at: datetime, *, first: bool) -> int:
        """The credits of a period that starts at an instant. `first`: the pool is new (C6)."""
        version = self.in_force(starting_at)
        return version.free_first_period if first and seat == "free" else version.quotas[seat]

    def low_balance(self, quota: int, starting_at: datetime) -> int:
        """From how many credits on a balance is low in a period of this quota that started at an instant (C15)."""
        return quota * self.in_force(starting_at).low_balance_percent // 100

    def price(self, action: str, quantity: int, occurred_at: datetime) -> Price | Reason:
        """What so many units of an action cost. More than one usage may hold is refused as too large."""
        return _price(self.in_force(occurred_at), action, quantity)

    def price_of(self, version: int, action: str, quantity: int) -> Price | Reason:
        """The same by a version that was kept. Raises `KeyError` for a version that was never published."""
        return _price(self._versions[version], action, quantity)


def _higher(one: CatalogVersion, other: CatalogVersion) -> CatalogVersion:
    return one if one.version > other.version else other


def _price(version: CatalogVersion, action: str, quantity: int) -> Price | Reason:
    price = version.prices.get(action)
    if price is None:
        return Reason.UNKNOWN_ACTION
    credits = -(-quantity // price.per) * price.credits
    return Price(credits, version.version) if credits <= MAX_CREDITS else Reason.AMOUNT_TOO_LARGE
