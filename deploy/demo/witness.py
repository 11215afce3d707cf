"""The story's own eyes: a reader of the broker's log, apart from every worker, that remembers each event."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from services.cli.listening import Event, Listening
from shared.contracts.catalog import DEAD_LETTERS, TOPICS
from shared.contracts.message import Message
from shared.messaging.failures import Weather
from shared.messaging.settings import KafkaSettings

M = TypeVar("M", bound=Message)

WATCHED = tuple(topic for topic in TOPICS if not topic.inbound)
PATIENCE_S = 60.0  # a step of the story takes well under a second; a machine that does much else takes longer


class NeverHappened(Exception):
    """Something that the story waits for did not come."""


class Witness:
    """Reads every event topic from the beginning, in a thread of its own."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._listening = _patiently(lambda: Listening(kafka, WATCHED, from_beginning=True))
        self._events: list[Event] = []
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._read, name="witness", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop reading."""
        self._stopping.set()
        self._thread.join(timeout=5)

    def mark(self) -> int:
        """A place in time: what is seen later stands after it."""
        with self._changed:
            return len(self._events)

    def seen(self, kind: type[M], wanted: Callable[[M], bool] = lambda _: True, *, after: int = 0) -> list[M]:
        """Every event of this kind so far, in the order in which it was read."""
        with self._changed:
            return self._find(kind, wanted, after)

    def latest(self, kind: type[M], wanted: Callable[[M], bool]) -> M:
        """The newest of them; waits for the first."""
        self.wait(kind, wanted, f"a {kind.__name__}")
        return self.seen(kind, wanted)[-1]

    def wait(
        self,
        kind: type[M],
        wanted: Callable[[M], bool],
        what: str,
        *,
        after: int = 0,
        timeout_s: float = PATIENCE_S,
    ) -> M:
        """The first event of this kind, waiting for it. Raises `NeverHappened` naming `what`."""
        self.until(lambda: bool(self._find(kind, wanted, after)), what, timeout_s=timeout_s)
        return self.seen(kind, wanted, after=after)[0]

    def answer(self, correlation_id: str, *kinds: type[Message], timeout_s: float = PATIENCE_S) -> Message:
        """The first event of one of these kinds that a command caused."""

        def answers() -> list[Message]:
            return [
                event.message
                for event in self._events
                if event.envelope.correlation_id == correlation_id and isinstance(event.message, kinds)
            ]

        names = " or ".join(kind.__name__ for kind in kinds)
        self.until(lambda: bool(answers()), f"an answer ({names})", timeout_s=timeout_s)
        with self._changed:
            return answers()[0]

    def until(self, holds: Callable[[], bool], what: str, *, timeout_s: float = PATIENCE_S) -> None:
        """Wait until this holds of what has been seen."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while not holds():
                left_s = deadline - time.monotonic()
                if left_s <= 0:
                    raise NeverHappened(f"waited {timeout_s:.0f} s in vain until {what}")
                self._changed.wait(left_s)

    def dead_letters(self) -> int:
        """How many messages were set aside."""
        names = {topic.name for topic in DEAD_LETTERS.values()}
        with self._changed:
            return sum(1 for event in self._events if event.topic in names)

    def _find(self, kind: type[M], wanted: Callable[[M], bool], after: int) -> list[M]:
        messages = (event.message for event in self._events[after:])
        return [message for message in messages if isinstance(message, kind) and wanted(message)]

    def _read(self) -> None:
        with self._listening:
            while not self._stopping.is_set():
                events = self._listening.events(timeout_ms=50)
                if events:
                    with self._changed:
                        self._events += events
                        self._changed.notify_all()


def _patiently(connect: Callable[[], Listening]) -> Listening:
    """Topics made a moment ago may not have their leaders yet."""
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return connect()
        except Weather:
            if time.monotonic() > deadline:
                raise
