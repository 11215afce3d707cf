"""Which stack the tests run on: `REFILL_TEST_STACK=embedded`, the default, or `containers`.

Nothing but the fixtures asks: a test is given servers and a world, and does not know what they run in.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from deploy.local.kafka import KafkaBroker
from deploy.local.postgres import PostgresServer
from deploy.local.program import Launch, launch_here
from deploy.local.run_folder import RunFolder
from shared.messaging.settings import KafkaSettings
from tests.stack import memory

VARIABLE = "REFILL_TEST_STACK"
EMBEDDED, CONTAINERS = "embedded", "containers"


class Server(Protocol):
    """A started server whose address and data stay over every end and start."""

    @property
    def running(self) -> bool: ...

    def start(self) -> None: ...

    def stop(self) -> None:
        """Cleanly."""

    def kill(self) -> None:
        """As a crash."""

    def restart(self) -> None:
        """After any kind of end; ends it first when it runs."""


class Postgres(Server, Protocol):
    @property
    def url(self) -> str:
        """The superuser's connection string to the maintenance database."""

    def stop_at_once(self) -> None:
        """Without a checkpoint: the next start recovers from the log."""


class Kafka(Server, Protocol):
    @property
    def bootstrap(self) -> str:
        """`host:port` for clients."""

    @property
    def admin(self) -> KafkaSettings:
        """How its super user reaches it."""


@dataclass(frozen=True)
class Stack:
    """What the fixtures make servers of and start programs with."""

    postgres: Callable[[RunFolder], Postgres]
    shared_postgres: Callable[[RunFolder], Postgres]
    """The one that all tests of a run share and none kills: in memory, where there is room (memory.py)."""
    kafka: Callable[[RunFolder], Kafka]
    launch: Launch
    remove_leftovers: Callable[[], object]
    """Ends what belongs to runs that nobody holds any more, beyond processes."""


def name() -> str:
    """Raises ValueError when the variable names no stack."""
    chosen = os.environ.get(VARIABLE, EMBEDDED)
    if chosen not in (EMBEDDED, CONTAINERS):
        raise ValueError(f"{VARIABLE} must be {EMBEDDED} or {CONTAINERS}, not {chosen!r}")
    return chosen


def stack() -> Stack:
    """The chosen one."""
    if name() == EMBEDDED:
        broker = partial(KafkaBroker, briefly=True)
        return Stack(PostgresServer, PostgresServer, broker, launch_here, remove_leftovers=lambda: None)
    # Here, because runs without containers need not wait for the engine's client to be imported.
    from tests.stack.containers.engine import remove_abandoned
    from tests.stack.containers.kafka import KafkaContainer
    from tests.stack.containers.postgres import PostgresContainer
    from tests.stack.containers.program import ContainerProgram

    shared = partial(PostgresContainer, in_memory=memory.has_room())
    return Stack(PostgresContainer, shared, KafkaContainer, ContainerProgram, remove_abandoned)
