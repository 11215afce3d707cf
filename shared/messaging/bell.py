"""Rings when a nearer timer was set: threads that wait for timers sleep exactly as long as they may."""

from __future__ import annotations

import threading

import psycopg
import structlog
from psycopg import sql

from shared.messaging.retry import IN_PLACE
from shared.messaging.timers import QUERIES
from shared.messaging.weather import is_weather
from shared.observability.errors import describe
from shared.postgres.pool import Database

log = structlog.get_logger()

# How long a stop may go unnoticed by the listening thread.
_LISTEN_TURN_S = 0.5


class Bell:
    """Counts its rings. Who waits says which ring was the last he heard, so that none is missed in between."""

    def __init__(self, database: Database, stopping: threading.Event) -> None:
        self._database = database
        self._stopping = stopping
        self._changed = threading.Condition()
        self._rings = 0

    @property
    def rings(self) -> int:
        """How often it rang so far."""
        with self._changed:
            return self._rings

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._changed:
            self._rings += 1
            self._changed.notify_all()

    def wait(self, heard: int, timeout_s: float) -> None:
        """Return when it has rung since `heard`, or after `timeout_s` seconds, or when the worker stops."""
        with self._changed:
            self._changed.wait_for(lambda: self._rings != heard or self._stopping.is_set(), timeout_s)

    def run(self) -> None:
        """Listen to PostgreSQL until the worker stops; a lost connection is made anew."""
        failures = 0
        while not self._stopping.is_set():
            try:
                with self._database.connect() as connection:
                    self._listen(connection)
                    failures = 0
            except psycopg.Error as error:
                if not is_weather(error):
                    raise
                failures += 1
                log.warning("bell.not_listening", error=describe(error))
                self._stopping.wait(IN_PLACE.delay_s(failures, "bell"))
        self.ring()

    def _listen(self, connection: psycopg.Connection) -> None:
        connection.autocommit = True
        row = connection.execute(QUERIES["bell_channel"]).fetchone()
        assert row is not None
        connection.execute(sql.SQL(QUERIES["listen"]).format(channel=sql.Identifier(row[0])))
        self.ring()  # what was set while nobody listened
        while not self._stopping.is_set():
            for _ in connection.notifies(timeout=_LISTEN_TURN_S, stop_after=1):
                self.ring()
