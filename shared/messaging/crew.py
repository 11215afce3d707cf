"""The threads of a worker: they live and die together."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from shared.messaging.failures import Bug
from shared.observability.errors import describe, frames

log = structlog.get_logger()


def _place(error: BaseException) -> dict[str, object]:
    """Which message a bug is about."""
    if not isinstance(error, Bug):
        return {}
    return {"topic": error.topic, "partition": error.partition, "offset": error.offset, "id": error.message_id}


@dataclass(frozen=True, slots=True)
class Failure:
    """The first thread that could not go on, and why."""

    who: str
    error: BaseException


class EndedByItself(Exception):
    """A thread returned although nobody told the worker to stop."""


class Crew:
    """Threads that run until `stopping` is set. `over` is set when the worker has to end, for whatever reason."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.over = threading.Event()
        self._lock = threading.Lock()
        self._failure: Failure | None = None
        self._threads: list[tuple[threading.Thread, threading.Event]] = []

    @property
    def failure(self) -> Failure | None:
        """Why the worker has to end, if it is not because it was told to."""
        return self._failure

    def start(self, who: str, run: Callable[[], object], until: threading.Event | None = None) -> None:
        """Run this in a thread of its own; it returns when `until` is set, `stopping` unless told otherwise."""
        # Daemons: one that hangs must not keep the process from ending.
        end = until or self.stopping
        thread = threading.Thread(target=self._run, args=(who, run, end), name=who, daemon=True)
        self._threads.append((thread, end))
        thread.start()

    def stop(self) -> None:
        """The worker was told to end."""
        self.stopping.set()
        self.over.set()

    def fail(self, who: str, error: BaseException) -> None:
        """Somebody cannot go on: the process is to end. Every reason is said at once, the first one counts."""
        log.error("worker.failed", part=who, reason=describe(error), trace=frames(error), **_place(error))
        with self._lock:
            self._failure = self._failure or Failure(who, error)
        self.over.set()

    def join(self, timeout_s: float, until: threading.Event | None = None) -> list[str]:
        """Wait for all threads, or for those that run until this event; returns the names of those not done."""
        deadline = time.monotonic() + timeout_s
        threads = [thread for thread, end in self._threads if until in (None, end)]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return [thread.name for thread in threads if thread.is_alive()]

    def _run(self, who: str, run: Callable[[], object], until: threading.Event) -> None:
        try:
            run()
            if not until.is_set():
                raise EndedByItself(who)
        except BaseException as error:
            self.fail(who, error)
