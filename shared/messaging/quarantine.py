"""Records that a person takes out of the way of a bug: they go to the dead letters whole, with who and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import psycopg

from shared.messaging.log import Place
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("queries.sql"))


def set_aside(
    connection: psycopg.Connection, topic: str, partition: int, offset: int, *, who: str, reason: str
) -> bool:
    """Have this record sent to the dead letters when its lane gets to it; False when that was ordered before.

    Rows are never changed or deleted: they are the audit of what people took out. Lanes read them when they are given a
    partition, so restart the worker after it.
    """
    row = {"topic": topic, "partition": partition, "record_offset": offset, "who": who, "reason": reason}
    return connection.execute(QUERIES["set_aside"], row).rowcount == 1


def read(connection: psycopg.Connection, topics: Sequence[str]) -> dict[tuple[Place, int], str]:
    """For each record set aside on these topics: who did it and why."""
    rows = connection.execute(QUERIES["read_quarantine"], {"topics": list(topics)}).fetchall()
    return {
        (Place(topic, partition), offset): f"set aside by {who}: {reason}"
        for topic, partition, offset, who, reason in rows
    }
