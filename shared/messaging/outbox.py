"""What a transaction has to say is a row in it; the relay publishes rows that have been committed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from uuid import UUID

import psycopg

from shared.contracts import envelope
from shared.contracts.envelope import Envelope
from shared.messaging.ids import derive
from shared.messaging.log import RECORD_OVERHEAD_BYTES
from shared.messaging.work import Outgoing
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("queries.sql"))

Row = tuple[str, str, UUID, bytes]
"""Topic, key, event id and the event in structured mode."""


class Unpublishable(Exception):
    """An outgoing message that its topic does not take: a bug of the handler that made it."""


def write(connection: psycopg.Connection, service: str, outgoing: Iterable[Outgoing], now: datetime) -> int:
    """Add messages to the open transaction, in order; returns how many. Call it last: rows get their order here.

    Whoever emits for a key holds that key's row lock until the commit, so the order of ids is the order of commits.
    Raises `Unpublishable` for a message that does not belong on its topic or is too large for it.
    """
    rows = list(_rows(service, outgoing, now))
    if not rows:
        return 0
    with connection.cursor() as cursor:
        with cursor.copy(QUERIES["copy_outbox"]) as copy:
            copy.set_types(["text", "text", "uuid", "bytea"])
            for row in rows:
                copy.write_row(row)
        cursor.execute(QUERIES["wake_relay"])
    return len(rows)


def _rows(service: str, outgoing: Iterable[Outgoing], now: datetime) -> Iterable[Row]:
    ordinals: Counter[tuple[str, str, str, str]] = Counter()
    source = f"/refill/{service}"
    for sent in outgoing:
        message, cause, topic = sent.message, sent.cause, sent.topic
        if type(message) not in topic.messages:
            raise Unpublishable(f"{message.type} does not belong on {topic.name}")
        key = message.key()
        event_id = sent.event_id
        if event_id is None:
            among = (cause.source, cause.id, message.type, key)
            event_id = derive(*among, ordinals[among])
            ordinals[among] += 1
        value = envelope.write(
            Envelope(
                id=str(event_id),
                source=source,
                type=message.type,
                time=now,
                data=message.wire(),
                subject=key,
                correlation_id=cause.correlation_id,
                causation_id=cause.id,
                traceparent=cause.traceparent,
            )
        )
        size_bytes = len(value) + len(key.encode()) + RECORD_OVERHEAD_BYTES
        if size_bytes > topic.max_message_bytes:
            raise Unpublishable(f"{message.type} of {size_bytes} bytes; {topic.name} takes {topic.max_message_bytes}")
        yield topic.name, key, event_id, value
