"""Things that are told only when two events have come, or once for many: over topics there is no order to rely on."""

from __future__ import annotations

from dataclasses import dataclass

from services.notification.domain.notice import Facts, Occasion
from shared.messaging.ids import derive

CROSSINGS = "/refill/notification/crossings"


@dataclass(frozen=True, slots=True)
class PaidAndCredited:
    """A purchase that was paid and whose lines were credited: now its receipt is due (B8, N2).

    It happened with the payment: `occasion` and `facts` are those of the payment's event.
    """

    workspace_id: str
    purchase_id: str
    buyer_id: str
    occasion: Occasion
    facts: Facts


@dataclass(frozen=True, slots=True)
class WorkspacePaused:
    """A workspace's plan or status paused the bought credits of all its accounts; the owner is told once (C4, N2)."""

    workspace_id: str
    cause: str


@dataclass(frozen=True, slots=True)
class WorkspaceFreed:
    """The same workspace's bought credits can be used again."""

    workspace_id: str


def crossing(direction: str, story: str, first: Occasion) -> Occasion:
    """The one occasion behind the pauses (or frees) of many accounts: they share their `story`, the correlation id."""
    derived = derive("crossing", direction, first.workspace_id, story)
    return Occasion(CROSSINGS, str(derived), first.workspace_id, first.occurred_at)
