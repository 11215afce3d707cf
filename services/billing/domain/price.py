"""What is for sale, and what a purchase costs (B4, B5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.fields import MAX_AMOUNT_MINOR


@dataclass(frozen=True, slots=True)
class Package:
    """Credits at a price in minor units of `currency`, tax included (B6)."""

    package_id: str
    credits: int
    price_minor: int
    currency: str
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Catalog:
    """One version of what is for sale, in force from `effective_at` until a higher version's."""

    version: int
    effective_at: datetime
    packages: Mapping[str, Package]


@dataclass(frozen=True, slots=True)
class Price:
    """One package for each of some editors: what the buyer reviews, and what billing computes itself (B5)."""

    package_id: str
    user_ids: tuple[str, ...]
    unit_price_minor: int
    total_minor: int
    currency: str
    catalog_version: int

    @property
    def chargeable(self) -> bool:
        """The processor charges at most eight digits ("Create a PaymentIntent", `amount`)."""
        return self.total_minor <= MAX_AMOUNT_MINOR


def price_of(package: Package, user_ids: tuple[str, ...], catalog_version: int) -> Price:
    """Each editor gets the package (B3); the total is the sum of the lines."""
    return Price(
        package_id=package.package_id,
        user_ids=user_ids,
        unit_price_minor=package.price_minor,
        total_minor=package.price_minor * len(user_ids),
        currency=package.currency,
        catalog_version=catalog_version,
    )
