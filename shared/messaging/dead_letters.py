"""What cannot be read goes whole to the service's dead letters, through the outbox: with the offset, or not at all."""

from __future__ import annotations

import hashlib
from base64 import b64encode

from shared.contracts.catalog import DEAD_LETTERS
from shared.contracts.dead_letter import DEAD_LETTER_BYTES, DeadLettered, OriginalHeader
from shared.contracts.flaws import Unreadable
from shared.messaging.arrivals import Arrival
from shared.messaging.work import Cause, Outgoing

MAX_DETAIL_CHARACTERS = 2_000
# What the original may take, in base64, beside the rest of the letter.
_ROOM_BYTES = DEAD_LETTER_BYTES - 65_536


def letter(service: str, arrival: Arrival, element: int, unreadable: Unreadable) -> Outgoing:
    """The dead letter of one element. Its id derives from the element's place: a replay writes the same letter."""
    topic, record = arrival.topic, arrival.record
    original = unreadable.original
    headers = tuple(
        OriginalHeader(name=name, value_base64=None if content is None else _text(content))
        for name, content in record.headers
    )
    size = sum(len(header.name.encode()) + len(header.value_base64 or "") + 64 for header in headers)
    size += 4 * (len(original or b"") + len(record.key or b"")) // 3
    hashed = record.value if original is None else original
    kept = not topic.personal_data and size <= _ROOM_BYTES
    message = DeadLettered(
        service=service,
        source_topic=topic.name,
        source_partition=arrival.place.partition,
        source_offset=record.offset,
        element=element,
        appended_at=arrival.appended_at,
        reason=unreadable.flaw,
        detail=unreadable.detail[:MAX_DETAIL_CHARACTERS],
        key_base64=_text(record.key) if kept and record.key is not None else None,
        value_base64=_text(original) if kept and original is not None else None,
        value_sha256=hashlib.sha256(hashed).hexdigest() if hashed is not None else None,
        headers=headers if kept else (),
    )
    cause = Cause(f"/kafka/{topic.name}", f"{arrival.place.partition}/{record.offset}/{element}")
    return Outgoing(DEAD_LETTERS[service], message, cause)


def _text(content: bytes) -> str:
    return b64encode(content).decode("ascii")
