"""After a downtime nothing is decided by what was known before it: neither commands nor clock work."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from shared.contracts.catalog import PRODUCT_USAGE, TOP_UP_COMMANDS, WORKSPACE_DIRECTORY
from shared.contracts.message import Message
from shared.contracts.product import UsageReported
from shared.contracts.top_up_commands import CancelRequest
from shared.contracts.topics import Topic
from shared.contracts.workspace import WorkspaceChanged
from shared.messaging.assembly import Worker
from shared.messaging.clock import SystemClock
from shared.messaging.crew import Crew
from shared.messaging.service import Service
from shared.messaging.settings import WorkerSettings
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Alarm, Effect, Lane, Once, Outgoing, Reaction, Received, Work
from tests.integration.messaging.builders import command, workspace
from tests.integration.messaging.road_service import MIGRATIONS, SCHEMA, SERVICE, Notebook
from tests.integration.messaging.road_world import PARTITIONS, WAIT_S, World, wait_until

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Diary:
    """A service whose parts write down when they acted. Its lanes go on when the test lets them."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.go_on = threading.Event()

    def note_messages(self, batch: Sequence[Received[Any]], work: Work[Notebook]) -> Iterable[Effect]:
        assert self.go_on.wait(WAIT_S)
        self.lines += [received.message.type for received in batch]
        return []

    def note_timers(self, refs: Sequence[str], work: Work[Notebook]) -> Iterable[Outgoing]:
        self.lines += refs
        return []

    def service(self) -> Service[Notebook]:
        note = self.note_messages
        directory: Reaction[Notebook] = Reaction(WORKSPACE_DIRECTORY, WorkspaceChanged, note, Once.VERSION)
        commands: Reaction[Notebook] = Reaction(TOP_UP_COMMANDS, CancelRequest, note, Once.INBOX)
        usage: Reaction[Notebook] = Reaction(PRODUCT_USAGE, UsageReported, note, Once.INBOX)
        return Service(
            SERVICE,
            SCHEMA,
            (
                Lane("directory", (directory,)),
                Lane("commands", (commands,), after=(WORKSPACE_DIRECTORY,)),
                Lane("usage", (usage,), after=(TOP_UP_COMMANDS,)),
            ),
            Notebook,
            MIGRATIONS,
            alarms=(Alarm("renew", self.note_timers), Alarm("go on", self.note_timers, after_cold_start=False)),
            errands=(Errand("mail", self, after_cold_start=True), Errand("charge", self, after_cold_start=False)),
        )


class Errand:
    lease_s = 30
    concurrency = 1

    def __init__(self, kind: str, diary: Diary, after_cold_start: bool) -> None:
        self.kind = kind
        self.after_cold_start = after_cold_start
        self._diary = diary

    def prepare(self, ref: str, work: Work[Notebook]) -> str | None:
        return ref

    def perform(self, request: str) -> str:
        self._diary.lines.append(request)
        return request

    def record(self, ref: str, request: str, answer: str, work: Work[Notebook]) -> Iterable[Outgoing]:
        return []


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def crew(world: World, diary: Diary) -> Iterator[Crew]:
    """The worker's crew; the worker is started by `start`."""
    made = Crew()
    yield made
    diary.go_on.set()
    made.stop()
    made.join(WAIT_S)


def start(world: World, diary: Diary, crew: Crew) -> threading.Thread:
    settings = WorkerSettings(
        kafka_bootstrap=",".join(world.settings.bootstrap),
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_sasl_mechanism="SCRAM-SHA-512",
        kafka_username=world.settings.username,
        kafka_password=world.settings.password,
        topic_prefix=world.settings.prefix,
        topic_partitions=PARTITIONS,
        database_url=SecretStr(world.worker_url),
    )
    thread = threading.Thread(target=Worker(diary.service(), settings, SystemClock(), crew).run, daemon=True)
    thread.start()
    return thread


def set_timers(world: World, *kinds: str) -> None:
    with world.database.transaction() as connection:
        for kind in kinds:
            PostgresTimers(connection).set(kind, kind, LONG_AGO)


@pytest.mark.rule("N3")
@pytest.mark.case(22)
@pytest.mark.parametrize(
    ("topic", "unread"),
    [(WORKSPACE_DIRECTORY, workspace("w1")), (TOP_UP_COMMANDS, command("w1"))],
    ids=["directory", "commands"],
)
def test_clock_work_decides_nothing_before_all_that_happened_meanwhile_is_known(
    world: World, diary: Diary, crew: Crew, topic: Topic, unread: Message
) -> None:
    world.send(topic, unread)
    set_timers(world, "renew", "mail", "go on", "charge")
    thread = start(world, diary, crew)
    wait_until(lambda: {"go on", "charge"} <= set(diary.lines), "what finishes things begun before")

    diary.go_on.set()

    wait_until(lambda: {"renew", "mail"} <= set(diary.lines), "the rest")
    assert set(diary.lines[:2]) == {"go on", "charge"}
    assert diary.lines[2] == unread.type
    assert set(diary.lines[3:]) == {"renew", "mail"}
    crew.stop()
    thread.join(WAIT_S)
    assert crew.failure is None


def test_a_worker_that_is_stopped_during_its_cold_start_does_no_clock_work(
    world: World, diary: Diary, crew: Crew
) -> None:
    world.send(WORKSPACE_DIRECTORY, workspace("w1"))
    set_timers(world, "renew", "mail", "charge")
    thread = start(world, diary, crew)
    wait_until(lambda: "charge" in diary.lines, "what finishes things begun before")

    crew.stop()
    diary.go_on.set()
    thread.join(WAIT_S)

    assert not thread.is_alive()
    assert not {"renew", "mail"} & set(diary.lines)
