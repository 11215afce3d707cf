"""A dispute: from what was told of it and what the processor shows now to what is told next (B12).

Webhooks may come twice, in any order or never; so the present is read, and only the difference to what was told counts.
Sources: the processor's pages "How disputes work" and "The Dispute object".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.billing.domain.outcome import Outcome
from services.billing.domain.purchase import Line


class DisputeState(StrEnum):
    """Where a dispute stands. What is decided may be decided anew, but is never open again."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


DISPUTE_TRANSITIONS: dict[DisputeState, frozenset[DisputeState]] = {
    DisputeState.OPEN: frozenset({DisputeState.WON, DisputeState.LOST}),
    DisputeState.WON: frozenset({DisputeState.LOST}),
    DisputeState.LOST: frozenset({DisputeState.WON}),
}

OF_STATUS: dict[str, DisputeState] = {
    "needs_response": DisputeState.OPEN,
    "under_review": DisputeState.OPEN,
    "won": DisputeState.WON,
    "lost": DisputeState.LOST,
}
"""By the dispute's `status`. What is not here says nothing: `warning_*` is an inquiry, which moves no money."""


@dataclass(frozen=True, slots=True)
class ShownDispute:
    """A dispute as the processor shows it now. `state` is None while it is a mere inquiry."""

    dispute_id: str
    state: DisputeState | None
    amount_minor: int
    currency: str
    reason: str
    withdrawn: bool
    reinstated: bool
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class DisputesRead:
    """All disputes of one payment, oldest first; or why they could not be read."""

    disputes: tuple[ShownDispute, ...] = ()
    failure: Outcome | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class DisputeStanding:
    """How far a dispute was told. `step` counts its verdicts."""

    state: DisputeState = DisputeState.OPEN
    step: int = 0
    withdrawn: bool = False
    reinstated: bool = False


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute that was told of, with the lines that its recall names."""

    dispute_id: str
    workspace_id: str
    purchase_id: str
    amount_minor: int
    currency: str
    reason: str
    recall_id: str
    opened_at: datetime
    lines: tuple[Line, ...]
    standing: DisputeStanding = DisputeStanding()


@dataclass(frozen=True, slots=True)
class DisputeNews:
    """What is told now, in the order of the fields; `after`: how far it is told then."""

    after: DisputeStanding
    opened: bool = False
    withdrawn: bool = False
    verdict: DisputeState | None = None
    reinstated: bool = False


def news(told: DisputeStanding | None, shown: ShownDispute) -> DisputeNews | None:
    """The difference; None when there is none. A dispute first seen at its end is opened and closed at once."""
    if told is None and shown.state is None:
        return None
    before = told or DisputeStanding()
    decided = shown.state in (DisputeState.WON, DisputeState.LOST) and shown.state is not before.state
    verdict = shown.state if decided else None
    after = DisputeStanding(
        state=verdict or before.state,
        step=before.step + (1 if decided else 0),
        withdrawn=before.withdrawn or shown.withdrawn,
        reinstated=before.reinstated or shown.reinstated,
    )
    if after == told:
        return None
    return DisputeNews(
        after,
        opened=told is None,
        withdrawn=after.withdrawn and not before.withdrawn,
        verdict=verdict,
        reinstated=after.reinstated and not before.reinstated,
    )
