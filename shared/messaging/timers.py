"""Clock work in the service's own database: set in the transaction that makes it necessary, found after any crash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from shared.postgres.queries import load

QUERIES = load(Path(__file__).with_name("timers.sql"))

# Whoever waits for timers looks by himself this often; nearer timers wake him. A lost wake-up costs this much at most.
LOOK_EVERY_S = 30
# Twice as long, so that a database whose clock is a little off still rings.
_WORTH_RINGING = timedelta(seconds=2 * LOOK_EVERY_S)


class PostgresTimers:
    """`Timers` on a connection inside an open transaction: they stand when it commits."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def set(self, kind: str, ref: str, due_at: datetime) -> None:
        """Make or move the timer; a stuck one tries again."""
        self.set_many(kind, [(ref, due_at)])

    def set_many(self, kind: str, due: Iterable[tuple[str, datetime]]) -> None:
        """The same for many refs in one statement; of a ref named twice the last stands."""
        wanted = dict(due)
        if not wanted:
            return
        values = {"kind": kind, "refs": list(wanted), "due": list(wanted.values())}
        self._connection.execute(QUERIES["set_timers"], values)
        if min(wanted.values()) < datetime.now(UTC) + _WORTH_RINGING:
            self._connection.execute(QUERIES["ring"])

    def cancel(self, kind: str, ref: str) -> None:
        """Remove the timer if it stands; work that holds its lease can then record nothing."""
        self._connection.execute(QUERIES["cancel_timer"], {"kind": kind, "ref": ref})
