"""Connections to one database: dedicated ones for threads that live long, pooled ones for short transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg_pool import ConnectionPool

# How long a statement, a lock or an idle transaction may take is a property of the role (deploy/postgres/limits.sql).
CONNECT_TIMEOUT_S = 5
# A peer that vanished without a word (cable, killed machine) is noticed after about 5 + 3 x 5 seconds.
KEEPALIVES = {"keepalives": "1", "keepalives_idle": "5", "keepalives_interval": "5", "keepalives_count": "3"}
MAX_POOLED = 8
POOL_WAIT_S = 10


class Database:
    """One database as one role. Opens nothing until it is asked; safe to share between threads.

    With `schema`, names without a schema are looked up there; else where the role's own search path says.
    """

    def __init__(
        self, url: str, application_name: str, schema: str | None = None, max_pooled: int = MAX_POOLED
    ) -> None:
        self._conninfo = _conninfo(url, application_name, schema)
        self._pool: ConnectionPool[psycopg.Connection] = ConnectionPool(
            self._conninfo,
            min_size=0,
            max_size=max_pooled,
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
    return make_conninfo(
        url,
        application_name=application_name,
        connect_timeout=given.get("connect_timeout", CONNECT_TIMEOUT_S),
        options=f"-c search_path={schema}" if schema else given.get("options"),
        **KEEPALIVES,
    )
