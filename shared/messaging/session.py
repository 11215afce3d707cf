"""A lane's own connection: opened when it is needed, replaced when it broke."""

from __future__ import annotations

import psycopg
from psycopg.pq import TransactionStatus

from shared.postgres.pool import Database


class Session:
    """One dedicated connection with autocommit on: a transaction is a block, and ends with it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: psycopg.Connection | None = None

    def connection(self) -> psycopg.Connection:
        """The connection, with no transaction open. Raises `psycopg.OperationalError` when the server is away."""
        if self._connection is not None and self._connection.info.transaction_status is not TransactionStatus.IDLE:
            self.close()
        if self._connection is None:
            self._connection = self._database.connect()
            self._connection.autocommit = True
        return self._connection

    def close(self) -> None:
        """Close it; the next use opens a new one."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
