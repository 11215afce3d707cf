"""What passes by itself, by SQLSTATE."""

from __future__ import annotations

import psycopg

from shared.messaging.failures import Weather

# Classes of SQLSTATE ("PostgreSQL Error Codes") whose cause lies outside of the statement and its data. Not class 54
# (program limit exceeded), which psycopg also calls OperationalError: a value too long for an index stays too long.
PASSING_CLASSES = {
    "08": "connection lost",
    "40": "rolled back for another transaction's sake: serialization, deadlock",
    "53": "no memory, disk or connection left",
    "57": "shut down, cancelled by a time-out, or not up yet",
    "58": "the machine beneath the database",
}
PASSING_CODES = {
    "55P03": "a lock was not free in time",
    "25P03": "idle in a transaction for too long: this process was frozen",
    "25006": "read-only for now: a standby that is being promoted",
}

# Weather that the work itself may bring about: how often in a row it is tried as it is before it is divided. A time-out
# costs its 30 s each time; the others cost nothing, and many workers may well meet a dozen times.
INSISTENCE = {
    "57014": 3,  # the statement took too long
    "40001": 20,  # another transaction came first
    "40P01": 20,  # a deadlock
    "23505": 20,  # told as weather by a service: another process has written this row at this very moment
}


class Insistence:
    """Counts what comes of trying the same work again. Connections lost and a broker away are waited out for ever."""

    def __init__(self) -> None:
        self._sqlstate: str | None = None
        self._times = 0

    def ends(self, error: BaseException) -> bool:
        """True when this has come so often in a row that the work itself must be at fault."""
        cause = error if isinstance(error, psycopg.Error) else error.__cause__
        sqlstate = cause.sqlstate if isinstance(cause, psycopg.Error) else None
        self._times = self._times + 1 if sqlstate == self._sqlstate else 1
        self._sqlstate = sqlstate
        return sqlstate in INSISTENCE and self._times >= INSISTENCE[sqlstate]


def is_weather(error: BaseException) -> bool:
    """True when trying the same again later can succeed."""
    if isinstance(error, Weather):
        return True
    if not isinstance(error, psycopg.Error):
        return False
    if error.sqlstate is None:
        # No word from the server: the connection could not be made, broke, or is found closed.
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return error.sqlstate[:2] in PASSING_CLASSES or error.sqlstate in PASSING_CODES
