"""The line to the ledger: commands out, answers in. One per process; safe for many threads."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from uuid import uuid4

import structlog

from shared.client.opening import opening
from shared.client.outcomes import CreditsError, NotSent
from shared.contracts.catalog import BY_NAME, LEDGER_ANSWERS
from shared.contracts.decode import Decoded, decode
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.messaging.failures import Weather
from shared.messaging.kafka import LogReader, Publisher
from shared.messaging.settings import KafkaSettings

POLL_MS = 100

log = structlog.get_logger()


class Line:
    """Sends as `source`, and gives each answer to who asked, by correlation id.

    The ends of the answers' topic are taken before anything is sent: no answer is missed.
    """

    def __init__(self, kafka: KafkaSettings, source: str) -> None:
        self.source = source
        self._publisher = Publisher(kafka, "refill-product")
        self._sending = threading.Lock()
        self._waiting: dict[str, Future[Message]] = {}
        self._listener = Listener(kafka, LEDGER_ANSWERS, self._hear, self._break)

    def ask(self, topic: Topic, command: Message) -> tuple[str, Future[Message]]:
        """Send a command; returns its id, and its answer when it comes. Raises `NotSent`."""
        if self._listener.failure:
            raise CreditsError(f"no answers can be read any more: {self._listener.failure}")
        event_id = str(uuid4())
        answer: Future[Message] = Future()
        self._waiting[event_id] = answer
        try:
            self.send(topic, command, event_id)
        except BaseException:
            self.forget(event_id)
            raise
        return event_id, answer

    def send(self, topic: Topic, message: Message, event_id: str | None = None) -> None:
        """Send one message and wait for Kafka's acknowledgement. Raises `NotSent`."""
        parcel = opening(self.source, topic, message, event_id or str(uuid4()))
        with self._sending:
            sent = self._publisher.send([parcel])
        if sent.error:
            raise NotSent(f"Kafka did not acknowledge {message.type}: {sent.error}")

    def forget(self, event_id: str) -> None:
        """Nobody waits for this answer any more."""
        self._waiting.pop(event_id, None)

    def close(self) -> None:
        """Hang up. Everything sent has been acknowledged."""
        self._listener.close()
        with self._sending:
            self._publisher.discard()

    def _hear(self, event: Decoded) -> None:
        answer = self._waiting.pop(event.envelope.correlation_id or "", None)
        if answer is not None and answer.set_running_or_notify_cancel():
            answer.set_result(event.message)

    def _break(self, failure: Exception) -> None:
        for event_id in list(self._waiting):
            answer = self._waiting.pop(event_id, None)
            if answer is not None and answer.set_running_or_notify_cancel():
                answer.set_exception(CreditsError(f"no answers can be read any more: {failure}"))


class Listener:
    """Reads a topic in a thread of its own, from its end or its beginning. Weather passes; anything else ends it."""

    def __init__(
        self,
        kafka: KafkaSettings,
        topic: Topic,
        hear: Callable[[Decoded], None],
        on_failure: Callable[[Exception], None],
        *,
        from_beginning: bool = False,
    ) -> None:
        self.failure: Exception | None = None
        self.caught_up = threading.Event()
        self._hear, self._on_failure = hear, on_failure
        self._stopping = threading.Event()
        self._reader = LogReader(kafka, [topic.name], from_beginning=from_beginning)
        self._behind = {
            place: end for place, (first, end) in self._reader.bounds.items() if from_beginning and end > first
        }
        self._thread = threading.Thread(target=self._run, name=f"refill-{topic.name}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                if not self._behind:
                    self.caught_up.set()
                try:
                    self._poll()
                except Weather as weather:
                    log.warning("client.weather", error=str(weather))
                    self._stopping.wait(POLL_MS / 1000)
        except Exception as failure:
            log.error("client.broken", error=f"{type(failure).__name__}: {failure}")
            self.failure = failure
            self._on_failure(failure)
            self.caught_up.set()
        finally:
            self._reader.close()

    def _poll(self) -> None:
        for place, record in self._reader.poll(POLL_MS):
            for element in decode(BY_NAME[place.topic], record.key, record.value, record.headers):
                if isinstance(element, Decoded):
                    self._hear(element)
            if record.offset + 1 >= self._behind.get(place, 0):
                self._behind.pop(place, None)
