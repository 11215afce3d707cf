"""Greets every workspace that it hears of, once: a lane that sets a timer, an errand that greets, a companion."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import psycopg

from shared.contracts.catalog import TOP_UP, WORKSPACE_DIRECTORY
from shared.contracts.top_up_events import RequestCancelled
from shared.contracts.workspace import WorkspaceChanged
from shared.messaging.work import Cause, Effect, Lane, Once, Outgoing, Reaction, Received, Work
from shared.messaging.worker import Companion, Runtime, Service, main
from tests.integration.messaging.billing.settings import GreeterSettings

BUG = "wsbug"


class Greetings:
    """The repository."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def hear_of(self, workspace: str) -> None:
        self._connection.execute("INSERT INTO greetings VALUES (%s) ON CONFLICT DO NOTHING", [workspace])

    def greet(self, workspace: str) -> None:
        self._connection.execute("UPDATE greetings SET greeted = true WHERE workspace = %s", [workspace])


def hear(batch: Sequence[Received[WorkspaceChanged]], work: Work[Greetings]) -> Iterable[Effect]:
    """The lane's handler."""
    for received in batch:
        if received.message.workspace_id == BUG:
            raise ZeroDivisionError("a handler's bug")
        work.repository.hear_of(received.message.workspace_id)
        work.timers.set("greet", received.message.workspace_id, work.now)
    return []


class Greeting:
    """The errand."""

    kind = "greet"
    lease_s = 30
    concurrency = 2
    after_cold_start = True

    def __init__(self, journal: Path) -> None:
        self._journal = journal

    def prepare(self, ref: str, work: Work[Greetings]) -> str | None:
        return ref

    def perform(self, request: str) -> str:
        with self._journal.open("a") as book:
            book.write(f"{request}\n")
        return request

    def record(self, ref: str, request: str, answer: str, work: Work[Greetings]) -> Iterable[Outgoing]:
        work.repository.greet(answer)
        message = RequestCancelled(request_id="0198c0de-0000-7000-8000-000000000001", workspace_id=ref, asker_id="u1")
        return [Outgoing(TOP_UP, message, Cause("/test/greeter", ref))]


class Porter:
    """The companion."""

    def __init__(self, runtime: Runtime[Greetings], fate: str) -> None:
        self._runtime = runtime
        self._fate = fate

    def start(self) -> None:
        if self._fate == "cannot start":
            raise OSError("the door is taken")
        with self._runtime.transaction() as work:
            work.repository.hear_of("companion")
        if self._fate == "dies":
            self._runtime.fail("porter", RuntimeError("fell asleep"))

    def stop(self) -> None:
        with self._runtime.transaction() as work:
            work.repository.greet("companion")


def greeter(settings: GreeterSettings) -> Service[Greetings]:
    """The service."""

    def porter(runtime: Runtime[Greetings]) -> Companion:
        return Porter(runtime, settings.greeter_companion)

    return Service(
        name="billing",
        schema="billing",
        lanes=(Lane("directory", (Reaction(WORKSPACE_DIRECTORY, WorkspaceChanged, hear, Once.VERSION),)),),
        repository=Greetings,
        migrations=Path(__file__).with_name("migrations"),
        errands=(Greeting(settings.greeter_journal),),
        companions=(porter,),
    )


if __name__ == "__main__":
    sys.exit(main(greeter, GreeterSettings))
