"""Refunds made at the processor itself, in its dashboard: whose lines they are about, and what is told (B11).

Such a refund has an amount and no lines. A package costs every editor of a purchase the same, so only one amount says
whose credits it means: all that is left. Of any other a person decides; meanwhile nobody's credits are touched, since
most partial refunds there are a favour, and what is spent until then would be owed like any other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.billing.domain.outcome import Outcome
from services.billing.domain.purchase import Line
from services.billing.domain.refunding import RefundOutcome


class MirroredState(StrEnum):
    """`undecided`: money went back, and a person must say whose credits. `taken`: its lines are taken back. `left`: no
    credits go with it. `failed`: the bank refused it, or it was cancelled."""

    UNDECIDED = "undecided"
    TAKEN = "taken"
    LEFT = "left"
    FAILED = "failed"


MIRRORED_TRANSITIONS: dict[MirroredState, frozenset[MirroredState]] = {
    MirroredState.UNDECIDED: frozenset({MirroredState.TAKEN, MirroredState.LEFT, MirroredState.FAILED}),
    MirroredState.TAKEN: frozenset({MirroredState.FAILED}),
    MirroredState.LEFT: frozenset({MirroredState.FAILED}),
    MirroredState.FAILED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class ShownRefund:
    """A refund as the processor shows it now. `ours`: its metadata name a refund of ours, which has its own errand."""

    processor_refund_id: str
    outcome: RefundOutcome
    amount_minor: int
    currency: str
    ours: bool
    made_at: datetime


@dataclass(frozen=True, slots=True)
class RefundsRead:
    """All refunds of one payment, oldest first; or why they could not be read."""

    refunds: tuple[ShownRefund, ...] = ()
    failure: Outcome | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MirroredRefund:
    """A refund of the processor's own, kept with the lines that it takes. `refund_id` names it and its recall here,
    derived from the processor's. `step` counts the verdicts about its credits."""

    processor_refund_id: str
    refund_id: str
    workspace_id: str
    purchase_id: str
    amount_minor: int
    currency: str
    made_at: datetime
    state: MirroredState = MirroredState.UNDECIDED
    step: int = 0
    lines: tuple[Line, ...] = ()


def resolved(
    undecided: Sequence[MirroredRefund], left: Sequence[Line], unit_price_minor: int
) -> tuple[MirroredRefund, ...]:
    """These refunds, oldest first, as they are decided by themselves: when together they are all that was left to
    refund, the last of them takes every line that is left. Otherwise they stay as they are."""
    if not undecided or not left or sum(each.amount_minor for each in undecided) != unit_price_minor * len(left):
        return tuple(undecided)
    *others, last = undecided
    return (
        *(replace(each, state=MirroredState.LEFT) for each in others),
        replace(last, state=MirroredState.TAKEN, step=1, lines=tuple(left)),
    )
