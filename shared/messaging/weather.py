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
