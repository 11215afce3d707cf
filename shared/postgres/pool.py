"""Connections to one database: dedicated ones for threads that live long, pooled ones for short transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

# What the server does to a session that misbehaves; libpq calls them run-time parameters. A lock that takes longer is
# weather (the holder is stuck or many wait): roll back and retry rather than hold what we already have. A process
# frozen inside a transaction must not hold its locks for ever.
SESSION = {
    "lock_timeout": "5s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "timezone": "UTC",
}
CONNECT_TIMEOUT_S = 5
# A peer that vanished without a word (cable, killed machine) is noticed after about 5 + 3 x 5 seconds.
KEEPALIVES = {"keepalives": "1", "keepalives_idle": "5", "keepalives_interval": "5", "keepalives_count": "3"}
# Callers are the errand threads, the alarms and a companion; each lane and the relay have a connection of their own.
MAX_POOLED = 8
POOL_WAIT_S = 10


class Database:
    """One database as one role. Opens nothing until it is asked; safe to share between threads.

    With `schema`, names without a schema are looked up there and nowhere else.
    """

    def __init__(self, url: str, application_name: str, schema: str | None = None) -> None:
        self._conninfo = _conninfo(url, application_name, schema)
        self._pool: ConnectionPool[psycopg.Connection] = ConnectionPool(
            self._conninfo,
            min_size=0,
            max_size=MAX_POOLED,
            timeout=POOL_WAIT_S,
            open=False,
            check=ConnectionPool.check_connection,
            name=application_name,
        )

    def connect(self) -> psycopg.Connection:
        """A connection of the caller's own, with autocommit off; the caller closes it.

        Raises `psycopg.OperationalError` when the server is away.
        """
        return psycopg.connect(self._conninfo)

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """One short transaction on a pooled connection: committed at the end, rolled back when the block raises.

        Raises `psycopg.OperationalError` when the server is away or the pool stays empty for `POOL_WAIT_S` seconds.
        """
        self._pool.open()
        with self._pool.connection() as connection:
            yield connection

    def close(self) -> None:
        """Close the pooled connections; a transaction still under way keeps its own until it ends."""
        self._pool.close()


def _conninfo(url: str, application_name: str, schema: str | None) -> str:
    given = conninfo_to_dict(url)
    parameters = {**SESSION, "search_path": schema} if schema else SESSION
    options = " ".join(f"-c {name}={value}" for name, value in parameters.items())
    return make_conninfo(
        url,
        application_name=application_name,
        connect_timeout=given.get("connect_timeout", CONNECT_TIMEOUT_S),
        options=f"{options} {given.get('options') or ''}".strip(),
        **KEEPALIVES,
    )
