"""Which errors of PostgreSQL pass by themselves, so that the same transaction may be tried again."""

from __future__ import annotations

import psycopg
from psycopg import errors

# `OperationalError` is the driver's class for what is not the program's fault: server away or shutting down, connection
# lost, too many connections, disk full, serialization failure, deadlock, lock or statement time-out, an empty pool
# ("Exceptions" of psycopg 3, after PEP 249). Being thrown out of an idle transaction is filed elsewhere, yet the same.
PASSING = (psycopg.OperationalError, errors.IdleInTransactionSessionTimeout)
# Filed under OperationalError, yet the same statement will never fit.
LASTING = (errors.ProgramLimitExceeded, errors.StatementTooComplex, errors.TooManyColumns, errors.TooManyArguments)


def is_weather(error: BaseException) -> bool:
    """True when trying the same transaction again may well succeed."""
    return isinstance(error, PASSING) and not isinstance(error, LASTING)
