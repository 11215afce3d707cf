"""A message that nothing caused: its id is the correlation id of all that follows, and a trace begins with it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from shared.contracts.envelope import CONTENT_TYPE_HEADERS, Envelope, write
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.messaging.log import Parcel


def opening(source: str, topic: Topic, message: Message, event_id: str) -> Parcel:
    """The message as a whole event of this source, under its own key."""
    envelope = Envelope(
        id=event_id,
        source=source,
        type=message.type,
        time=datetime.now(UTC),
        data=message.wire(),
        subject=message.key(),
        correlation_id=event_id,
        traceparent=f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01",  # W3C Trace Context
    )
    return Parcel(topic, message.key().encode(), write(envelope), CONTENT_TYPE_HEADERS)
