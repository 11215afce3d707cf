"""What is turned away at the door is counted, and said at most once a minute: nobody fills the log from outside."""

from __future__ import annotations

import asyncio
import logging

import structlog

log = structlog.get_logger()

EVERY_S = 60.0  # soon enough for a person, and 1,440 lines a day of each kind at the most


class Refusals:
    """The first of a kind is said at once; how many followed is said when a minute is over. For the event loop alone.

    A kind is a sentence of the code's own, never anything that came from outside: so there are few.
    """

    def __init__(self, every_s: float = EVERY_S) -> None:
        self._every_s = every_s
        self._unsaid: dict[str, int] = {}

    def note(self, problem: str) -> None:
        """One more request that was turned away for this."""
        if problem in self._unsaid:
            self._unsaid[problem] += 1
            return
        self._say(problem, 1)
        self._open(problem)

    def say_the_rest(self) -> None:
        """What has not been said yet, at the end."""
        for problem, count in self._unsaid.items():
            if count:
                self._say(problem, count)
        self._unsaid.clear()

    def _open(self, problem: str) -> None:
        self._unsaid[problem] = 0
        asyncio.get_running_loop().call_later(self._every_s, self._close, problem)

    def _close(self, problem: str) -> None:
        count = self._unsaid.pop(problem, 0)
        if count:
            self._say(problem, count)
            self._open(problem)

    def _say(self, problem: str, count: int) -> None:
        log.warning("endpoint.refused", problem=problem, count=count)


class ServersWarnings(logging.Filter):
    """uvicorn warns of each request that is no HTTP, or one too many: counted like the others, not logged each."""

    def __init__(self, refusals: Refusals) -> None:
        super().__init__()
        self._refusals = refusals

    def filter(self, record: logging.LogRecord) -> bool:
        """False for what has been counted."""
        if record.levelno != logging.WARNING:
            return True
        self._refusals.note(str(record.msg))
        return False
