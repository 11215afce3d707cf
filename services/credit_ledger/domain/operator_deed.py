"""What operators do to an account (B15): grant credits, withdraw them, forgive debt; within limits, once per id."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from shared.contracts.reasons import Reason

CorrectingDeed = Literal["withdraw", "forgive_debt"]
Kind = Literal["grant", "withdraw", "forgive_debt"]

DeedKey = tuple[str, str, str]  # workspace, the command's family (grant, correction), its id


class OperatorLimits(NamedTuple):
    """How many credits an operator may move: by one command, and by all of a UTC day."""

    per_command: int
    per_day: int


DEFAULT_LIMITS = OperatorLimits(per_command=100_000, per_day=500_000)


@dataclass(frozen=True, slots=True)
class Deed:
    """One command of an operator with what became of it, for ever. `reason` is the operator's; `refusal` ours, None
    when it was done. A grant has its lot, and what of it settled debt at once."""

    workspace_id: str
    family: str
    deed_id: str
    kind: Kind
    user_id: str
    credits: int
    operator_id: str
    reason: str
    decided_at: datetime
    refusal: Reason | None = None
    detail: str | None = None
    transaction_id: UUID | None = None
    lot_id: UUID | None = None
    settled: int | None = None

    @property
    def key(self) -> DeedKey:
        """Its place among all deeds."""
        return self.workspace_id, self.family, self.deed_id

    @property
    def content(self) -> tuple[str, str, int, str, str]:
        """What was commanded: the same id with another one is another command."""
        return self.kind, self.user_id, self.credits, self.operator_id, self.reason

    @property
    def day(self) -> date:
        """The UTC day on whose limit it counts."""
        return self.decided_at.astimezone(UTC).date()
