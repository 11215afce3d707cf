"""Which errors of PostgreSQL pass by themselves."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from shared.messaging.failures import Bug, Weather
from shared.messaging.weather import is_weather

PASSES = (
    errors.AdminShutdown(),
    errors.CrashShutdown(),
    errors.CannotConnectNow(),
    errors.SerializationFailure(),
    errors.DeadlockDetected(),
    errors.LockNotAvailable(),
    errors.QueryCanceled(),
    errors.TooManyConnections(),
    errors.DiskFull(),
    errors.IdleInTransactionSessionTimeout(),
    errors.ReadOnlySqlTransaction(),
    psycopg.OperationalError("connection refused"),
    psycopg.InterfaceError("the connection is closed"),
    Weather("broker away"),
)
STAYS = (
    errors.UniqueViolation(),
    errors.CheckViolation(),
    errors.UndefinedTable(),
    errors.InsufficientPrivilege(),
    errors.ProgramLimitExceeded(),  # an OperationalError for psycopg, and yet a value too long for its index stays so
    psycopg.ProgrammingError("nonsense"),
    Bug("topic", 0, 0, "id", "cause"),
    ValueError("a handler's"),
)


@pytest.mark.parametrize("error", PASSES, ids=lambda error: type(error).__name__)
def test_what_passes_is_tried_again(error: Exception) -> None:
    assert is_weather(error)


@pytest.mark.parametrize("error", STAYS, ids=lambda error: type(error).__name__)
def test_what_stays_is_not(error: Exception) -> None:
    assert not is_weather(error)
