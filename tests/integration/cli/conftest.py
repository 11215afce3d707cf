"""Topics of this folder's own, the command line on them, and somebody who plays billing."""

from __future__ import annotations

import io
import json
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pytest

from deploy.local.environment import kafka_environment
from services.cli.__main__ import main
from services.cli.client import Client
from services.cli.listening import Event, Listening
from shared.contracts.catalog import TOP_UP_COMMANDS, TOPICS
from shared.contracts.envelope import CONTENT_TYPE_HEADERS, Envelope, write
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.messaging.log import Parcel
from shared.messaging.settings import KafkaSettings
from shared.messaging.topic_setup import create_topics
from tests.stack.topics import delete_topics


@pytest.fixture(scope="module")
def kafka(kafka_broker: KafkaSettings) -> Iterator[KafkaSettings]:
    """A broker with all topics, under a prefix of this module's own."""
    kafka = replace(kafka_broker, prefix=f"cli-{uuid.uuid4().hex[:8]}.")
    create_topics(kafka, [replace(topic, partitions=2) for topic in TOPICS])
    yield kafka
    delete_topics(kafka)


@pytest.fixture
def client(kafka: KafkaSettings) -> Iterator[Client]:
    with closing(Client(kafka, "/refill/test")) as client:
        yield client


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Refill = Callable[..., Ended]


@pytest.fixture
def refill(kafka: KafkaSettings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Refill:
    """Runs a command in this process: `refill("balance", "acme")`."""
    for name, value in kafka_environment(kafka).items():
        monkeypatch.setenv(name, value)

    def run(*words: str, stdin: bytes = b"") -> Ended:
        monkeypatch.setattr(sys, "argv", ["refill", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        code = ended.value.code
        return Ended(code if isinstance(code, int) else 0, out, err)

    return run


Script = Callable[[Event], list[Parcel]]


class Billing:
    """Answers every command from a script."""

    def __init__(self, kafka: KafkaSettings, script: Script, commands_on: Sequence[Topic] = (TOP_UP_COMMANDS,)) -> None:
        self._kafka = kafka
        self._script = script
        self._stopping = threading.Event()
        self._listening = Listening(kafka, commands_on)
        self._thread = threading.Thread(target=self._answer)
        self.commands: list[Message] = []
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _answer(self) -> None:
        with self._listening, closing(Client(self._kafka)) as client:
            while not self._stopping.is_set():
                for event in self._listening.events(50):
                    self.commands.append(event.message)
                    client.deliver(self._script(event))


def answering(event: Event, topic: Topic, message: Message) -> Parcel:
    """An answer to a command as a service writes it."""
    envelope = Envelope(
        id=str(uuid.uuid4()),
        source="/refill/billing",
        type=message.type,
        time=datetime.now(UTC),
        data=message.wire(),
        correlation_id=event.envelope.correlation_id,
        causation_id=event.envelope.id,
    )
    return Parcel(topic, message.key().encode(), write(envelope), CONTENT_TYPE_HEADERS)


@pytest.fixture
def billing(kafka: KafkaSettings) -> Iterator[Callable[..., Billing]]:
    """Somebody who plays billing from a script until the test ends; or the ledger, by the topics of its commands."""
    playing: list[Billing] = []

    def play(script: Script, commands_on: Sequence[Topic] = (TOP_UP_COMMANDS,)) -> Billing:
        playing.append(Billing(kafka, script, commands_on))
        return playing[-1]

    yield play
    for each in playing:
        each.stop()
