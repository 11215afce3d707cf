"""Before the work: waiting for what a worker depends on, saying for what. After the start: saying that it is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path

import psycopg
import structlog
from psycopg.conninfo import conninfo_to_dict

from shared.contracts.catalog import TOPICS
from shared.contracts.topics import Topic
from shared.messaging.patience import Stopped
from shared.messaging.service import Service
from shared.messaging.settings import KafkaSettings
from shared.messaging.topic_setup import missing
from shared.messaging.weather import is_weather
from shared.observability.errors import describe
from shared.postgres.pool import Database

log = structlog.get_logger()

LOOK_AGAIN_S = 0.5
# One line per 5 s is enough for a person, and few enough for a log.
TELL_EVERY = 10


def wait_for_postgres(database: Database, url: str, stopping: threading.Event) -> None:
    """Return when the database answers. Raises `Stopped` when the worker is told to stop meanwhile."""
    _wait("PostgreSQL", lambda: _postgres_trouble(database, url), stopping)


def wait_for_topics(service: Service[object], settings: KafkaSettings, stopping: threading.Event) -> None:
    """Return when Kafka and every topic that the service reads or writes are there. Raises `Stopped` when told to."""
    topics = topics_of(service)
    _wait("Kafka", lambda: missing(settings, topics), stopping)


def topics_of(service: Service[object]) -> list[Topic]:
    """What the service reads, by its tables, and what it writes, by the catalog."""
    read = [reaction.topic for lane in service.lanes for reaction in lane.reactions]
    written = [topic for topic in TOPICS if service.name in topic.producers]
    return list({topic.name: topic for topic in (*read, *service.awaited(), *written)}.values())


def announce(service: str, ready_file: Path | None, **fields: object) -> None:
    """Say that every lane has its partitions: in the log, and by a file for supervisors that look for one."""
    log.info("worker.ready", **fields)
    if ready_file:
        ready_file.write_text(f"{service}\n")


def withdraw(ready_file: Path | None) -> None:
    """Not ready any more."""
    if ready_file:
        ready_file.unlink(missing_ok=True)


def _postgres_trouble(database: Database, url: str) -> str | None:
    try:
        database.connect().close()
    except psycopg.Error as error:
        if not is_weather(error):
            raise
        parts = conninfo_to_dict(url)
        return f"{parts.get('host')}:{parts.get('port', 5432)}/{parts.get('dbname')}: {describe(error)}"
    return None


def _wait(what: str, trouble: Callable[[], str | None], stopping: threading.Event) -> None:
    for attempt in count():
        if stopping.is_set():
            raise Stopped(what)
        reason = trouble()
        if reason is None:
            return
        if attempt % TELL_EVERY == 0:
            log.warning("worker.waiting", waiting_for=what, reason=reason)
        stopping.wait(LOOK_AGAIN_S)
