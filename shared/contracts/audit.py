"""What operators did to dead letters: who, when and why. Operators may append; by rights nobody can take it back."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from shared.contracts.fields import Id, ReasonText, UuidText
from shared.contracts.message import Message


class _Deed(Message):
    """`letter_id` is the dead letter's own event id; the place is the original's, `value_sha256` its content's."""

    letter_id: UuidText
    operator_id: Id
    reason: ReasonText
    service: Id
    source_topic: Annotated[str, Field(min_length=1, max_length=200)]
    source_partition: Annotated[int, Field(strict=True, ge=0)]
    source_offset: Annotated[int, Field(strict=True, ge=0)]
    element: Annotated[int, Field(strict=True, ge=0)] = 0
    value_sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    def key(self) -> str:
        return self.letter_id


class DeadLetterRedriven(_Deed):
    """The original is being written to its topic again, under its own id and key. Said before it is written."""

    type: ClassVar[str] = "ops.dead-letter-redriven.v1"


class DeadLetterDiscarded(_Deed):
    """Nothing is to be done about it any more. The letter itself stays until its topic drops it."""

    type: ClassVar[str] = "ops.dead-letter-discarded.v1"
