"""Credits of a purchase called back, by a refund or a dispute (B11, B12).

A line may be in several recalls. What its lot is follows from all of them: taken back while the latest verdict of any
is to take back, and else frozen while any is open. So it does not matter in which order recalls and steps come.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, NamedTuple
from uuid import UUID

from shared.contracts.reasons import Reason
from shared.contracts.recalls import RecallCause, RecallVerdict

RecallKey = tuple[str, str]  # workspace, recall id
LineState = Literal["open", "taken_back", "given_back"]

AFTER: dict[RecallVerdict, LineState] = {"take_back": "taken_back", "give_back": "given_back"}


class Standing(NamedTuple):
    """What has become of a line's credits: their sum is what was granted."""

    credits: int
    unspent: int
    held: int
    spent: int
    taken: int


@dataclass(slots=True, eq=False)
class Line:
    """A line in a recall: how it stood when the recall came, and the latest verdict about it (step 0: none yet)."""

    user_id: str
    lot_id: UUID
    standing: Standing
    state: LineState = "open"
    step: int = 0
    stored: bool = False


@dataclass(slots=True, eq=False)
class Recall:
    """One recall, for ever. Refused it has no lines. `cause` and `untouched_only` are None if a verdict came first."""

    key: RecallKey
    purchase_id: str
    decided_at: datetime
    cause: RecallCause | None = None
    untouched_only: bool | None = None
    refusal: Reason | None = None
    detail: str | None = None
    lots: tuple[UUID, ...] = ()
    standings: tuple[Line, ...] = ()
    lines: dict[UUID, Line] = field(default_factory=dict)


class Moved(NamedTuple):
    """What one step did to one line: credits taken or given, and debt made or ended."""

    user_id: str
    lot_id: UUID
    credits: int
    debt: int


@dataclass(frozen=True, slots=True)
class Step:
    """A verdict that was carried out, with what it moved line by line."""

    key: RecallKey
    purchase_id: str
    step: int
    verdict: RecallVerdict
    transaction_id: UUID
    decided_at: datetime
    moved: tuple[Moved, ...]
