"""Connections to one database: dedicated ones for threads that live long, pooled ones for short transactions.

The pool is a stack of idle connections and a bound. psycopg_pool connects in threads of its own, which back off up to
minutes while the server is away: a caller that is patient by itself would wait in vain after the server's return.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus

# How long a statement, a lock or an idle transaction may take is the role's: deploy/postgres/limits_worker.sql.
CONNECT_TIMEOUT_S = 5
# A peer that vanished without a word (cable, killed machine) is noticed after about 5 + 3 x 5 seconds.
# While something said waits for its acknowledgement no keepalive is sent, and TCP itself tries again in ever longer
# steps: cut off for a minute, a worker would notice only most of a minute after its return. So that ends after 20 s.
KEEPALIVES = {
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",  # milliseconds
}
# Timed work, leases and requests take a connection for milliseconds: dozens of threads wait for their turn at a few.
# One for each would be a hundred idle ones on the server for every three workers.
MAX_POOLED = 8
POOL_WAIT_S = 10
# A connection that lay idle for longer is asked whether it still lives: the server may have been restarted meanwhile.
TRUSTED_IDLE_S = 1.0


class PoolEmpty(psycopg.OperationalError):
    """Every connection of the pool was in use for `POOL_WAIT_S` seconds: weather."""


class Database:
    """One database as one role. Opens nothing until it is asked; safe to share between threads.

    With `schema`, names without a schema are looked up there; else where the role's own search path says.
    """

    def __init__(
        self, url: str, application_name: str, schema: str | None = None, max_pooled: int = MAX_POOLED
    ) -> None:
        self._conninfo = _conninfo(url, application_name, schema)
        self._places = threading.BoundedSemaphore(max_pooled)
        self._lock = threading.Lock()
        self._idle: list[tuple[psycopg.Connection, float]] = []
        self._closed = False

    def connect(self) -> psycopg.Connection:
        """A connection of the caller's own, with autocommit off; the caller closes it.

        Raises `psycopg.OperationalError` when the server is away.
        """
        return psycopg.connect(self._conninfo)

    @contextmanager
    def transaction(self) -> Iterator[psycopg.Connection]:
        """One short transaction on a pooled connection: committed at the end, rolled back when the block raises.

        The block itself can neither commit nor roll back. Raises `psycopg.OperationalError` when the server is away.
        """
        if not self._places.acquire(timeout=POOL_WAIT_S):
            raise PoolEmpty(f"no connection was free for {POOL_WAIT_S} s")
        try:
            connection = self._take()
            try:
                with connection.transaction():
                    yield connection
            finally:
                self._give_back(connection)
        finally:
            self._places.release()

    def close(self) -> None:
        """Close the idle connections; one in use is closed when it is given back."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def _take(self) -> psycopg.Connection:
        """The connection used last, if it lives; a new one otherwise."""
        while True:
            with self._lock:
                if not self._idle:
                    break
                connection, since = self._idle.pop()
            if monotonic() - since < TRUSTED_IDLE_S or _lives(connection):
                return connection
            connection.close()
        return self.connect()

    def _give_back(self, connection: psycopg.Connection) -> None:
        if connection.info.transaction_status == TransactionStatus.IDLE:
            with self._lock:
                if not self._closed:
                    self._idle.append((connection, monotonic()))
                    return
        connection.close()


def _lives(connection: psycopg.Connection) -> bool:
    try:
        connection.execute("SELECT 1")
        connection.rollback()
    except psycopg.Error:
        return False
    return True


def _conninfo(url: str, application_name: str, schema: str | None) -> str:
    given = conninfo_to_dict(url)
    return make_conninfo(
        url,
        application_name=application_name,
        connect_timeout=given.get("connect_timeout", CONNECT_TIMEOUT_S),
        options=f"-c search_path={schema}" if schema else given.get("options"),
        **KEEPALIVES,
    )
