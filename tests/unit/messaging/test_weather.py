"""Which errors of PostgreSQL pass by themselves."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from shared.messaging.failures import Bug, Weather
from shared.messaging.weather import INSISTENCE, Insistence, is_weather

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


def as_weather(error: psycopg.Error) -> Weather:
    """As a service tells it."""
    weather = Weather("written elsewhere at this moment")
    weather.__cause__ = error
    return weather


OWN_FAULT = (
    errors.QueryCanceled(),
    errors.SerializationFailure(),
    errors.DeadlockDetected(),
    as_weather(errors.UniqueViolation()),
)
NOT_OWN = (psycopg.OperationalError("connection refused"), errors.AdminShutdown(), Weather("broker away"))


@pytest.mark.parametrize("error", OWN_FAULT, ids=repr)
def test_what_the_work_itself_may_bring_about_is_not_tried_for_ever(error: Exception) -> None:
    insistence = Insistence()

    tries = next(number for number in range(1, 1000) if insistence.ends(error))

    assert tries in INSISTENCE.values()


@pytest.mark.parametrize("error", NOT_OWN, ids=repr)
def test_what_is_away_is_waited_for_for_ever(error: Exception) -> None:
    insistence = Insistence()

    assert not any(insistence.ends(error) for _ in range(1000))


def test_only_the_same_in_a_row_counts() -> None:
    insistence = Insistence()

    for _ in range(100):
        assert not insistence.ends(errors.QueryCanceled())
        assert not insistence.ends(psycopg.OperationalError("connection refused"))
