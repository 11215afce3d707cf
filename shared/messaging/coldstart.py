"""No commands, no usage and no clock work before the directory is known: read up to where it ended at the start."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence

import psycopg
import structlog

from shared.contracts.topics import Topic
from shared.messaging import offsets
from shared.messaging.kafka import bounds_of
from shared.messaging.log import Place
from shared.messaging.retry import IN_PLACE
from shared.messaging.settings import KafkaSettings
from shared.messaging.weather import is_weather
from shared.observability.errors import describe
from shared.postgres.pool import Database

LOOK_EVERY_S = 0.1
TELL_EVERY = 10  # of the failed looks in one stretch of bad weather: the first and then each tenth

log = structlog.get_logger(__name__)


class ColdStart:
    """What is waited for: offsets that lanes of the service, here or in another process, must have passed."""

    def __init__(self, goals: Mapping[Place, int]) -> None:
        self._goals = dict(goals)

    @classmethod
    def of(cls, topics: Iterable[Topic], settings: KafkaSettings) -> ColdStart:
        """The present ends of these topics. Raises Weather when the broker is away."""
        names = sorted({topic.name for topic in topics})
        bounds = bounds_of(settings, names) if names else {}
        return cls({place: end for place, (first, end) in bounds.items() if end > first})

    def behind(self, connection: psycopg.Connection) -> Sequence[Place]:
        """The partitions that have not been read so far yet; none means that the waiting is over."""
        if not self._goals:
            return []
        read = offsets.read_topics(connection, sorted({place.topic for place in self._goals}))
        return [place for place, goal in self._goals.items() if read.get(place, 0) < goal]


class Gate:
    """What clock work of a service waits at, until all that any of its lanes comes `after` has been read.

    What was true before a downtime may not be any more: a member demoted, a person erased, a plan changed, a request
    bought by a command still unread.
    """

    def __init__(
        self, topics: Iterable[Topic], database: Database, settings: KafkaSettings, stopping: threading.Event
    ) -> None:
        self._topics = tuple(topics)
        self._database = database
        self._settings = settings
        self._stopping = stopping
        self._open = threading.Event()

    def run(self) -> None:
        """A thread's target: opens the gate as soon as it may be, and ends with the worker."""
        cold_start: ColdStart | None = None
        failed = 0
        while not self._stopping.is_set():
            try:
                cold_start = cold_start or ColdStart.of(self._topics, self._settings)
                with self._database.transaction() as connection:
                    behind = cold_start.behind(connection)
            except Exception as error:
                if not is_weather(error):
                    raise
                failed += 1
                if failed % TELL_EVERY == 1:
                    log.warning("timers.weather", error=describe(error), failed=failed)
                self._stopping.wait(IN_PLACE.delay_s(failed, "gate"))
                continue
            if not behind:
                self._open.set()
                log.info("timers.start")
                self._stopping.wait()
            self._stopping.wait(LOOK_EVERY_S)

    def behind_it(self, run: Callable[[], None]) -> Callable[[], None]:
        """A thread's target that begins when the gate is open; never, should the worker stop before."""

        def wait_and_run() -> None:
            while not self._open.wait(LOOK_EVERY_S):
                if self._stopping.is_set():
                    return
            run()

        return wait_and_run
