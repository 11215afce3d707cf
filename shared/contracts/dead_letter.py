"""The dead letter: a message that could not be read, whole, with where, why and when."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import Instant
from shared.contracts.flaws import Flaw
from shared.contracts.message import Message

# Base64 grows the largest source message (1 MiB value and key) by a third, headers and detail come on top.
DEAD_LETTER_BYTES = 4 * 1_048_576


class OriginalHeader(BaseModel):
    """One header of the original, its value in base64; without one where the value is null."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    value_base64: str | None = None


class DeadLettered(Message):
    """One unreadable message or batch element. `element` counts inside a batch-mode message, from 0.

    Where the source carries personal data (contacts) or is too large, the original is left out: place and hash only.
    """

    type: ClassVar[str] = "refill.dead-lettered.v1"

    service: str
    source_topic: str
    source_partition: Annotated[int, Field(strict=True, ge=0)]
    source_offset: Annotated[int, Field(strict=True, ge=0)]
    element: Annotated[int, Field(strict=True, ge=0)] = 0
    appended_at: Instant
    reason: Flaw
    detail: str
    key_base64: str | None = None
    value_base64: str | None = None
    value_sha256: str | None = None
    headers: tuple[OriginalHeader, ...] = ()

    def key(self) -> str:
        return f"{self.source_topic}/{self.source_partition}/{self.source_offset}"
