"""How kafka-python is reached, and its errors in our own words."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from shared.messaging.failures import Weather
from shared.messaging.log import KafkaProblem, LogMoved
from shared.messaging.settings import KafkaSettings

with warnings.catch_warnings():
    # 3.0.12 reads its schemas by a function that Python 3.11 and 3.12 call deprecated; 3.13 took that back.
    warnings.filterwarnings("ignore", "(read|open)_text is deprecated", DeprecationWarning)
    from kafka import errors as kafka_errors

__all__ = ["CALL_TIMEOUT_MS", "SHUTDOWN_MS", "connection", "kafka_errors", "translated"]

BOOTSTRAP_TIMEOUT_MS = 5_000  # 30 s by default: too long to leave a person without a word about a wrong address
CALL_TIMEOUT_MS = 5_000  # for look-ups; shorter than the session, so that a lane that asks stays a member
RECONNECT_MAX_MS = 500  # 30 s by default: the client then sleeps right through a broker's restart
SHUTDOWN_MS = 2_000  # leaving the group takes 10 ms; a broker that is away must not hold up the end

# Its ERROR lines say what we say in our own words, with the consequence; its WARNING lines repeat every retry.
logging.getLogger("kafka").setLevel(logging.CRITICAL)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """The library's errors in our three words: weather, a problem for a person, a log that moved."""
    try:
        yield
    except (kafka_errors.OffsetOutOfRangeError, kafka_errors.NoOffsetForPartitionError) as error:
        raise LogMoved(f"{what}: {type(error).__name__}") from error
    except (kafka_errors.RetriableError, OSError) as error:
        raise Weather(f"{what}: {type(error).__name__}: {error}") from error
    except kafka_errors.KafkaError as error:
        raise KafkaProblem(f"{what}: {type(error).__name__}: {error}") from error


def connection(settings: KafkaSettings, client: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "bootstrap_servers": list(settings.bootstrap),
        "client_id": client,
        "bootstrap_timeout_ms": BOOTSTRAP_TIMEOUT_MS,
        "reconnect_backoff_max_ms": RECONNECT_MAX_MS,
        "security_protocol": settings.security_protocol,
    }
    if settings.tls:
        options["ssl_context"] = settings.tls.context()
    if settings.sasl_mechanism:
        options["sasl_mechanism"] = settings.sasl_mechanism
        options["sasl_plain_username"] = settings.username
        options["sasl_plain_password"] = settings.password.get_secret_value() if settings.password else None
    return options
