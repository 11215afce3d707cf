"""Trying a transaction again in place while the database's weather lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from typing import TypeVar

import psycopg
import structlog

from shared.messaging.failures import Weather
from shared.messaging.retry import IN_PLACE
from shared.messaging.weather import Insistence, is_weather
from shared.observability.errors import describe

T = TypeVar("T")

log = structlog.get_logger()

# Every attempt of every thread in the log would drown the rest; the first and then each so many'th tell as much.
_TELL_EVERY = 10


class Stopped(Exception):
    """The worker was told to stop while it waited for better weather."""


def patiently(action: Callable[[], T], stopping: threading.Event, what: str, insistence: Insistence | None = None) -> T:
    """The result of `action`, a whole transaction, tried again for as long as the database is away or busy.

    After a connection lost during COMMIT the action runs again although it may have been committed: it must find out.
    Raises `Stopped` when the worker stops meanwhile, and whatever else `action` raises. With `insistence`, `Weather`
    for what the action itself seems to bring about: others must not wait for it.
    """
    for attempt in count(1):
        try:
            return action()
        except psycopg.Error as error:
            if not is_weather(error):
                raise
            if insistence and insistence.ends(error):
                raise Weather(f"{what}: {describe(error)}") from error
            if attempt % _TELL_EVERY == 1:
                log.warning("database.weather", doing=what, attempt=attempt, error=describe(error))
            if stopping.wait(IN_PLACE.delay_s(attempt, f"{what} {threading.get_ident()}")):
                raise Stopped(what) from error
    raise AssertionError("unreachable")
