"""Does the database answer? Asked now and then on a connection of its own: no batch hides it or waits for it."""

from __future__ import annotations

import threading
from time import monotonic

import psycopg

from shared.messaging.health import DatabaseSigns
from shared.messaging.session import Session
from shared.observability.errors import describe
from shared.postgres.pool import Database

ASK_EVERY_S = 2.0


class Pulse:
    """A thread's target. A server that hangs keeps the thread waiting: its last answer then grows old."""

    def __init__(self, database: Database, stopping: threading.Event) -> None:
        self._session = Session(database)
        self._stopping = stopping
        self._signs = DatabaseSigns(monotonic(), None)

    def signs(self) -> DatabaseSigns:
        return self._signs

    def run(self) -> None:
        """Until the worker stops."""
        while not self._stopping.is_set():
            self._ask()
            self._stopping.wait(ASK_EVERY_S)
        self._session.close()

    def _ask(self) -> None:
        try:
            self._session.connection().execute("SELECT 1")
            self._signs = DatabaseSigns(monotonic(), None)
        except psycopg.Error as error:
            self._session.close()
            self._signs = DatabaseSigns(self._signs.answered_at, describe(error))
