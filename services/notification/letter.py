"""One email as it is to be sent, before it is a message of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Letter:
    """`address` is its one recipient. Lives in memory for one attempt only: neither address nor text is stored."""

    notice_id: UUID
    address: str
    written_at: datetime
    subject: str
    text: str
    html: str
