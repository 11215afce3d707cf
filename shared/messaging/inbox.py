"""Once by envelope, for messages that leave no permanent row or version behind. Bounded: old rows are pruned."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import psycopg

from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("queries.sql"))

Seen = tuple[str, str, str]
"""Topic, and the envelope's source and id."""


def take_new(connection: psycopg.Connection, envelopes: Sequence[Seen]) -> set[Seen]:
    """Enter these and return those that were not there: the others have had their effect. One statement for all."""
    if not envelopes:
        return set()
    topics, sources, ids = zip(*set(envelopes), strict=True)
    values = {"topics": list(topics), "sources": list(sources), "ids": list(ids)}
    return set(connection.execute(QUERIES["take_new"], values).fetchall())


def prune(connection: psycopg.Connection, before: datetime) -> int:
    """Forget envelopes received before this instant; returns how many. For the migration role: workers may not delete.

    `before` must lie further back than the topics' retention, the oldest backup that may be restored, and the life of a
    dead letter, together: within that time a message can come again.
    """
    return connection.execute(QUERIES["prune_inbox"], {"before": before}).rowcount
