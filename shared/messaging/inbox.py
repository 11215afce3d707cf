"""Once by envelope, for messages that leave no permanent row or version behind. Bounded: old rows are pruned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from shared.contracts.catalog import DEAD_LETTERS, TOPICS
from shared.contracts.topics import OLDEST_BACKUP_HOURS
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("queries.sql"))

# How long after its first coming a message can come again: it lies in the log for the topic's retention; a backup as
# old as may be restored reads it once more; a dead letter of that reading may be sent again by hand until it expires.
KEPT = timedelta(
    hours=max(topic.retention_hours for topic in TOPICS)
    + OLDEST_BACKUP_HOURS
    + max(topic.retention_hours for topic in DEAD_LETTERS.values())
)

Seen = tuple[str, str, str]
"""Topic, and the envelope's source and id."""


def take_new(connection: psycopg.Connection, envelopes: Sequence[Seen]) -> set[Seen]:
    """Enter these and return those that were not there: the others have had their effect. One statement for all."""
    if not envelopes:
        return set()
    topics, sources, ids = zip(*set(envelopes), strict=True)
    values = {"topics": list(topics), "sources": list(sources), "ids": list(ids)}
    return set(connection.execute(QUERIES["take_new"], values).fetchall())


def prune(connection: psycopg.Connection, now: datetime) -> int:
    """Forget envelopes that cannot come again; returns how many. For the migration role: workers may not delete."""
    return connection.execute(QUERIES["prune_inbox"], {"before": now - KEPT}).rowcount
