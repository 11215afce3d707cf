"""Timers set by a handler of timers: kept back until its transaction ends, after the fence."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import psycopg

from shared.messaging.timers import PostgresTimers


class Agenda:
    """`Timers` that are written at the end of the transaction, in the order in which they were asked for.

    So their rows are locked after rows of the business, as everywhere; the other order would deadlock with the lanes.
    """

    def __init__(self) -> None:
        self._changes: list[tuple[str, dict[str, datetime | None]]] = []

    def set(self, kind: str, ref: str, due_at: datetime) -> None:
        """Make or move the timer."""
        self._changes.append((kind, {ref: due_at}))

    def set_many(self, kind: str, due: Iterable[tuple[str, datetime]]) -> None:
        """The same for many refs."""
        self._changes.append((kind, dict(due)))

    def cancel(self, kind: str, ref: str) -> None:
        """Remove the timer if it stands."""
        self._changes.append((kind, {ref: None}))

    def touches(self, kind: str, ref: str) -> bool:
        """True when this timer was set or cancelled here."""
        return any(kind == other and ref in refs for other, refs in self._changes)

    def write(self, connection: psycopg.Connection) -> None:
        """Carry everything out."""
        timers = PostgresTimers(connection)
        for kind, refs in self._changes:
            timers.set_many(kind, [(ref, due_at) for ref, due_at in refs.items() if due_at is not None])
            for ref, due_at in refs.items():
                if due_at is None:
                    timers.cancel(kind, ref)
