"""Where a lane stands, kept beside the effects of what it read. Moved by compare-and-set, never committed to Kafka."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg

from shared.messaging.log import Place
from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("queries.sql"))


class Stale(Exception):
    """Someone else has moved these partitions on, or a commit of ours went through unheard. Read the offsets again."""

    def __init__(self, places: Collection[Place]) -> None:
        super().__init__(", ".join(f"{place.topic}[{place.partition}]" for place in sorted(places)))
        self.places = frozenset(places)


def lock(connection: psycopg.Connection, lane: str, expected: Mapping[Place, int]) -> None:
    """Hold the rows of these partitions until the transaction ends. Raises `Stale` where one is not as expected."""
    stored = _read(connection, "lock_offsets", lane, list(expected))
    moved = {place for place, offset in expected.items() if stored.get(place) != offset}
    if moved:
        raise Stale(moved)


def move(connection: psycopg.Connection, lane: str, expected: Mapping[Place, int], next_: Mapping[Place, int]) -> None:
    """Move the next offset of each partition on, provided that it still is the expected one. Raises `Stale`."""
    places = list(next_)
    moved = connection.execute(
        QUERIES["move_offsets"],
        {
            **_columns(lane, places),
            "expected": [expected[place] for place in places],
            "offsets": [next_[place] for place in places],
        },
    )
    if moved.rowcount != len(places):
        raise Stale(places)


def read(connection: psycopg.Connection, lane: str, places: Sequence[Place]) -> dict[Place, int]:
    """The stored next offset of each partition that has one."""
    return _read(connection, "read_offsets", lane, places)


def read_topics(connection: psycopg.Connection, topics: Sequence[str]) -> dict[Place, int]:
    """The stored next offset of every partition of these topics, whichever lane reads them."""
    rows = connection.execute(QUERIES["read_offsets_of_topics"], {"topics": list(topics)}).fetchall()
    return {Place(topic, partition): offset for topic, partition, offset in rows}


def begin(connection: psycopg.Connection, lane: str, offsets: Mapping[Place, int]) -> None:
    """Make the rows of partitions that were never read; one that has been made meanwhile stays as it is."""
    places = list(offsets)
    connection.execute(
        QUERIES["begin_offsets"], {**_columns(lane, places), "offsets": [offsets[place] for place in places]}
    )


def _read(connection: psycopg.Connection, query: str, lane: str, places: Sequence[Place]) -> dict[Place, int]:
    rows = connection.execute(QUERIES[query], _columns(lane, places)).fetchall()
    return {Place(topic, partition): offset for topic, partition, offset in rows}


def _columns(lane: str, places: Sequence[Place]) -> dict[str, Any]:
    return {
        "lane": lane,
        "topics": [place.topic for place in places],
        "partitions": [place.partition for place in places],
    }
