"""Every worker's figures: how it goes, by numbers and names of its own parts. Never an id, a name or an amount.

Counters count since the start of the process and only grow: whoever reads two messages has the rate between them, and a
lost message costs nothing. What stands (`behind`, `rows`) is of the moment.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.fields import Id, Instant, UuidText
from shared.contracts.message import Message

Count = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]
Milliseconds = Annotated[int, Field(strict=True, ge=0, le=2**53 - 1)]

MAX_TROUBLES = 50
MAX_TROUBLE_CHARACTERS = 300
Trouble = Annotated[str, Field(max_length=MAX_TROUBLE_CHARACTERS)]

# Counting a backlog costs as much as it is long: beyond this "many" is all that anybody needs to know.
MAX_OUTBOX_ROWS_COUNTED = 10_000

WorkerState = Literal["working", "ending"]


class LaneFigures(BaseModel):
    """One lane. `behind` are records in the log that it has not applied, as of its last fetch; null until it knows.

    `batches` and `busy_ms` together give the time of a batch, with all that the database kept it waiting.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Id
    behind: Count | None = None
    waiting: Count = 0
    records: Count = 0
    batches: Count = 0
    busy_ms: Milliseconds = 0
    published: Count = 0
    duplicates: Count = 0
    ignored: Count = 0
    parked: Count = 0
    answered: Count = 0
    dead_lettered: Count = 0
    lost_its_place: Count = 0


class OutboxFigures(BaseModel):
    """What is committed and not yet said, of the whole service: each of its workers tells the same.

    `rows` counts up to 10,000; `oldest_ms` is for how long the first of them has stood there, 0 when there is none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: Annotated[int, Field(strict=True, ge=0, le=MAX_OUTBOX_ROWS_COUNTED)]
    oldest_ms: Milliseconds


class RelayFigures(BaseModel):
    """The relay of this worker: messages it has published, and sendings that failed and were done again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    post: str
    published: Count = 0
    failed: Count = 0


class WorkerFigures(Message):
    """How one worker goes, every few seconds. `troubles` are why it is not healthy; with none of them it is.

    `worker_id` is new with each start. `every_ms` is the pace: who has said nothing for several times that long, and
    not `ending` before, is silent. `outbox` is absent when the database did not say.
    """

    type: ClassVar[str] = "ops.worker-figures.v1"

    service: Id
    worker_id: UuidText
    started_at: Instant
    number: Annotated[int, Field(strict=True, ge=1, le=2**53 - 1)]
    every_ms: Milliseconds
    state: WorkerState
    troubles: Annotated[tuple[Trouble, ...], Field(max_length=MAX_TROUBLES)] = ()
    lanes: tuple[LaneFigures, ...] = ()
    outbox: OutboxFigures | None = None
    relay: RelayFigures

    def key(self) -> str:
        return f"{self.service}/{self.worker_id}"
