"""Things that are told only when two events have come, or once for many: over topics there is no order to rely on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.notification.domain.notice import Facts, Occasion
from shared.contracts.recalls import PurchaseFrozen, PurchaseGivenBack, PurchaseTakenBack, RecallCause
from shared.messaging.ids import derive

CROSSINGS = "/refill/notification/crossings"


@dataclass(frozen=True, slots=True)
class PaidAndCredited:
    """A purchase that was paid and whose lines were credited: now its receipt is due (B8, N2).

    It happened with the payment: `occasion` and `facts` are those of the payment's event. `debts` is what of the
    credits went at once into what an editor's account owed (B11), by user id.
    """

    workspace_id: str
    purchase_id: str
    buyer_id: str
    occasion: Occasion
    facts: Facts
    debts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WorkspacePaused:
    """A workspace's plan or status paused the bought credits of all its accounts; the owner is told once (C4, N2)."""

    workspace_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class WorkspaceFreed:
    """The same workspace's bought credits can be used again."""

    workspace_id: str


@dataclass(frozen=True, slots=True)
class Frozen:
    """Credits that cannot be used until a recall ends (B11, B12). `cause` is billing's to say; None: not known here."""

    event: PurchaseFrozen
    cause: RecallCause | None

    @property
    def is_news(self) -> bool:
        """A refund freezes for moments, and its end is told; a dispute, or who waits for a person, for weeks."""
        return self.cause != "refund"


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Credits that are gone, and what became debt."""

    event: PurchaseTakenBack
    cause: RecallCause | None


@dataclass(frozen=True, slots=True)
class GivenBack:
    """Credits that can be used again, and debt that is no more."""

    event: PurchaseGivenBack
    cause: RecallCause | None

    @property
    def is_news(self) -> bool:
        """A refund that failed at once was told to no editor, so its end is none; one that failed later was."""
        return self.cause != "refund" or self.event.step > 1


def crossing(direction: str, story: str, first: Occasion) -> Occasion:
    """The one occasion behind the pauses (or frees) of many accounts: they share their `story`, the correlation id."""
    derived = derive("crossing", direction, first.workspace_id, story)
    return Occasion(CROSSINGS, str(derived), first.workspace_id, first.occurred_at)
