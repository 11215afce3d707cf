"""A hold: credits of an account kept for one piece of work, until it is captured, released, or ends by itself (C9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.credit_ledger.domain.lot import Lot
from services.credit_ledger.domain.usage import Refusal, detail
from shared.contracts.reasons import Reason

HoldKey = tuple[str, str, str]  # workspace, source, hold id
How = Literal["captured", "released", "expired"]
State = Literal["held", "captured", "released", "expired"]
Movements = dict[Lot, int]


class Wanted(NamedTuple):
    """What a product asked to hold. Either `credits`, or `action` and `quantity`."""

    user_id: str
    credits: int | None
    action: str | None
    quantity: int | None
    expires_in_s: int


class Part(NamedTuple):
    """What a hold took from one lot, in burning order."""

    lot_id: UUID
    credits: int


class Ended(NamedTuple):
    """What became of a hold's credits when it ended last."""

    burned: int
    returned: int
    lapsed: int


@dataclass(frozen=True, slots=True)
class RefusedHold:
    """A hold that was refused, for ever (C11)."""

    key: HoldKey
    wanted: Wanted
    refusal: Refusal
    decided_at: datetime


@dataclass(slots=True, eq=False)
class Hold:
    """A hold that was placed. Of `lapsed`: those of its lots that took their part along when it expired.

    It is over from `expires_at` on, by the append time of what is decided, whether it was told as expired or not.
    """

    key: HoldKey
    wanted: Wanted
    account_id: str
    credits: int
    catalog_version: int | None
    transaction_id: UUID
    decided_at: datetime
    expires_at: datetime
    state: State = "held"
    parts: tuple[Part, ...] = ()
    lapsed: frozenset[UUID] = frozenset()
    ended: Ended | None = None

    @property
    def account(self) -> tuple[str, str]:
        """The account whose credits they are: the user's, or the pool."""
        return self.key[0], self.account_id

    def shares(self, credits: int) -> list[tuple[UUID, int, int]]:
        """How a capture of so many credits divides each part: its lot, what is burned, what goes back."""
        divided = []
        for lot_id, held in self.parts:
            burned = min(credits, held)
            credits -= burned
            divided.append((lot_id, burned, held - burned))
        return divided


@dataclass(frozen=True, slots=True)
class End:
    """One end of a hold: its movements by lot. `ordinal` is 1 for a timely capture or release that came after its
    expiry was told."""

    hold: Hold
    how: How
    ordinal: int
    transaction_id: UUID
    at: datetime
    burned: Movements
    returned: Movements
    lapsed: Movements

    @property
    def sums(self) -> Ended:
        """The movements in credits."""
        return Ended(sum(self.burned.values()), sum(self.returned.values()), sum(self.lapsed.values()))


_DETAILS: dict[Reason, Callable[[Refusal], str]] = {
    Reason.AMOUNT_TOO_LARGE: lambda _: "one hold may be of at most 1,000,000,000 credits; hold in parts",
    Reason.NO_CATALOG: lambda _: "no catalog has been published yet; publish one, then hold under a new hold_id",
    Reason.UNKNOWN_ACTION: lambda _: (
        "no price is known for this action; state credits, or have it added to the catalog"
    ),
    Reason.UNKNOWN_HOLD: lambda _: "no such hold of this workspace and source; hold first",
    Reason.HOLD_ID_REUSED: lambda _: (
        "this hold_id was used before with other content, which stands; hold for new work under a new hold_id"
    ),
    Reason.HOLD_REFUSED: lambda _: "the hold was refused and holds nothing; hold again under a new hold_id",
    Reason.HOLD_CAPTURED: lambda _: "the hold was captured before, which stands; report more work as usage",
    Reason.HOLD_RELEASED: lambda _: "the hold was released before; report the work as usage",
    Reason.HOLD_EXPIRED: lambda _: (
        "the hold had ended by itself; report the work as usage, and hold for longer next time"
    ),
    Reason.CAPTURE_EXCEEDS_HOLD: lambda refusal: (
        f"{refusal.needed} credits are more than the {refusal.available} held; capture those, report the rest as usage"
    ),
}


def hold_detail(refusal: Refusal) -> str:
    """What went wrong with a hold, capture or release, and how to mend it, for people."""
    return _DETAILS.get(refusal.reason, detail)(refusal)
