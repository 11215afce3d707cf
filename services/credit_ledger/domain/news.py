"""What happened to an account in one transaction, in order, to be told afterwards. Versions are the account's."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from services.credit_ledger.domain.eligibility import Obstacle
from services.credit_ledger.domain.hold import End, Hold, Movements
from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.domain.operator_deed import CorrectingDeed


@dataclass(frozen=True, slots=True)
class Opened:
    """A lot was opened. Of its credits `settled` went at once into what the account owed (B11)."""

    lot: Lot
    settled: int = 0


@dataclass(frozen=True, slots=True)
class Grown:
    """A quota lot was made larger inside its period (C8), with this version."""

    lot: Lot
    credits: int
    version: int


@dataclass(frozen=True, slots=True)
class Lapsed:
    """What was left of a quota lot is gone."""

    lot: Lot
    credits: int


@dataclass(slots=True)
class Burned:
    """Usage, coalesced: `taken` from the lots in burning order, by the versions after `after` up to `version`."""

    after: int
    version: int
    usages: int = 0
    taken: dict[Lot, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Paused:
    """Top-up credits cannot be used from this version on."""

    version: int
    cause: Obstacle
    top_up_credits: int


@dataclass(frozen=True, slots=True)
class Freed:
    """Top-up credits can be used again from this version on."""

    version: int
    top_up_credits: int


@dataclass(frozen=True, slots=True)
class Held:
    """A hold was placed: `taken` from the lots in burning order."""

    hold: Hold
    taken: Movements


@dataclass(frozen=True, slots=True)
class Ended:
    """A hold has ended."""

    end: End


@dataclass(frozen=True, slots=True)
class Returned:
    """A usage was taken back."""

    usage_id: str
    source: str
    transaction_id: UUID
    returned: Movements
    lapsed: Movements


@dataclass(frozen=True, slots=True)
class Low:
    """By this version what is usable has come down to the threshold or below, or to nothing (C15)."""

    version: int
    usable: int
    threshold: int
    quota: int
    held: int


@dataclass(frozen=True, slots=True)
class Corrected:
    """An operator withdrew bought credits, or forgave debt (B15)."""

    correction_id: UUID
    operator_id: str
    deed: CorrectingDeed
    credits: int


News = Opened | Grown | Lapsed | Burned | Paused | Freed | Held | Ended | Returned | Low | Corrected
