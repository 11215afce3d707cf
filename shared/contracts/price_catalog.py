"""Owned by billing: what is for sale, what a plan includes, what an action costs. Versioned data, not code."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from shared.contracts.fields import AmountMinor, Credits, Currency, Flag, Id, Instant, PositiveCredits, Version
from shared.contracts.message import Message

# B4: packages run from 3,000 to 100,000 credits.
PackageCredits = Annotated[int, Field(strict=True, ge=3_000, le=100_000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Package(_Part):
    """One package for sale. A retired one can still be named by an old purchase, but no longer bought (B4)."""

    package_id: Id
    credits: PackageCredits
    price_minor: AmountMinor
    currency: Currency
    retired: Flag = False


class Quotas(_Part):
    """Credits included in a period, by plan and seat (C6)."""

    free_first_period: Credits
    free: Credits
    pro_editor: Credits
    pro_guest_editor: Credits
    business_editor: Credits
    business_guest_editor: Credits


class ActionPrice(_Part):
    """What a product's action costs: `credits` for every started `per` units (C17)."""

    action: Id
    credits: PositiveCredits
    per: PositiveCredits


class CatalogPublished(Message):
    """One version of the catalog, in force from `effective_at` until a higher version's.

    At any instant the highest version whose `effective_at` has come is in force, for every reader: a lower one that
    begins later never is. Its content never changes: a mistake is mended by publishing a higher version.

    An account is low from `low_balance_percent` of its quota on (C15).
    """

    type: ClassVar[str] = "billing.catalog-published.v1"

    catalog_version: Version
    effective_at: Instant
    packages: Annotated[tuple[Package, ...], Field(min_length=1, max_length=100)]
    quotas: Quotas
    low_balance_percent: Annotated[int, Field(strict=True, ge=0, le=100)] = 20
    action_prices: Annotated[tuple[ActionPrice, ...], Field(max_length=1000)] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        packages = [package.package_id for package in self.packages]
        actions = [price.action for price in self.action_prices]
        for noun, names in (("package", packages), ("action", actions)):
            doubled = sorted({name for name in names if names.count(name) > 1})
            if doubled:
                raise ValueError(f"{noun} named twice: {', '.join(doubled)}")
        return self

    def key(self) -> str:
        return str(self.catalog_version)
