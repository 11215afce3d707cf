"""One email as it is to be sent, before it is a message of bytes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Letter:
    """`address` is its one recipient, `letter_id` what its Message-ID is made of: a letter written anew has the same.

    It lives in memory for one attempt only: neither address nor text is stored.
    `unsubscribe_url` ends mails of this kind to this person.
    """

    letter_id: UUID
    address: str
    written_at: datetime
    subject: str
    text: str
    html: str
    unsubscribe_url: str
