"""What a handler is given and what it gives back. A handler never sees Kafka, never commits, never calls a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from shared.contracts.message import Message
from shared.contracts.topics import Topic

M_co = TypeVar("M_co", covariant=True)
R = TypeVar("R")
Q = TypeVar("Q")
A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something happens: the message or timer behind it. Ids made while handling derive from `source` and `id`."""

    source: str
    id: str
    correlation_id: str | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Received(Generic[M_co]):
    """One readable message (or a `Tombstone`) at its place in the log.

    `appended_at` is the broker's append time: the clock of decisions, the same on every replay. While `may_wait` is
    true a handler may give back `Park` instead of an answer; when it is false the time for waiting is over.
    """

    message: M_co
    cause: Cause
    topic: str
    partition: int
    offset: int
    element: int
    appended_at: datetime
    may_wait: bool = True


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish on `topic`, through the outbox. Its key is the message's own.

    Its CloudEvents id is `event_id`, or else derived from the cause, the type, the key and the ordinal of this message
    among its cause's: the same cause gives the same ids on every replay.
    """

    topic: Topic
    message: Message
    cause: Cause
    event_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Park:
    """Not yet: what this message needs (`waiting_for`, for people) may still come. The partition goes on meanwhile."""

    received: Received[Any]
    waiting_for: str


Effect = Outgoing | Park


class Timers(Protocol):
    """Clock work, kept in the service's own database and due by time. One timer per (kind, ref)."""

    def set(self, kind: str, ref: str, due_at: datetime) -> None:
        """Make or move the timer; `ref` is the business id it is about."""

    def set_many(self, kind: str, due: Iterable[tuple[str, datetime]]) -> None:
        """The same for many refs in one statement."""

    def cancel(self, kind: str, ref: str) -> None:
        """Remove the timer if it stands."""


@dataclass(frozen=True, slots=True)
class Work(Generic[R]):
    """The surroundings of one transaction: the repository bound to it, the clock's reading, its timers."""

    repository: R
    now: datetime
    timers: Timers


Handler = Callable[[Sequence[Received[Any]], Work[R]], Iterable[Effect]]


class Once(Enum):
    """What makes a message's effect happen once.

    `INBOX`: the runtime's bounded inbox, by (source, id) of the envelope. `BUSINESS_ID`: a permanent row of the
    handler's own (purchase, usage, grant); the handler sees repetitions and answers them. `VERSION`: the entity's
    growing version.
    """

    INBOX = "inbox"
    BUSINESS_ID = "business_id"
    VERSION = "version"


@dataclass(frozen=True, slots=True)
class Reaction(Generic[R]):
    """One row of a service's HANDLERS table. `message` is a message class, or `Tombstone` for nulls on `topic`.

    A handler is called with a run of consecutive messages of one type and topic, in log order; or, where several
    reactions name the same handler and are `mixed`, of all their types: for messages that come in turns about the same
    rows, so that one run locks and reads them all.
    """

    topic: Topic
    message: type[Any]
    handler: Handler[R]
    once: Once
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class Lane(Generic[R]):
    """Topics consumed together, by one thread and one consumer group `<service>.<name>`.

    Lanes keep a backlog on one topic from delaying another. A lane that waits for others (`after`) starts when every
    partition of those topics has passed the end offset seen at start.
    """

    name: str
    reactions: tuple[Reaction[R], ...]
    after: tuple[Topic, ...] = ()
    max_batch: int = 500


TimerHandler = Callable[[Sequence[str], Work[R]], Iterable[Outgoing]]


@dataclass(frozen=True, slots=True)
class Alarm(Generic[R]):
    """One row of a service's ALARMS table: which handler gets the refs of due timers of `kind`.

    The handler runs in one transaction with the removal of its timers; it sets the next one itself. After a downtime it
    waits, as lanes do, for all that the service's lanes come `after`: what it decides by may have changed meanwhile.
    Without `after_cold_start` it begins at once: only for what decides by nothing but its own rows.

    After each batch it rests `rests` times as long as that took, so that a great many timers that are due together
    leave the lanes their share of the worker, of the database and of the outbox. For work that nothing waits for.
    """

    kind: str
    handler: TimerHandler[R]
    max_batch: int = 100
    after_cold_start: bool = True
    rests: float = 0.0


class Errand(Protocol[R, Q, A]):
    """Network work in three parts, so that a call is never made inside a transaction nor by a consumer.

    A timer of `kind` starts it. `prepare` and `record` are transactions, `perform` is not; between them the timer's
    lease of `lease_s` seconds keeps others away, and whoever lost the lease may not record. A process killed anywhere
    resumes when the lease has run out: so `perform` must be safe to repeat (idempotency key, stable Message-ID).

    `after_cold_start` as for an alarm: false only where it finishes what was decided before, by its own rows.
    """

    kind: str
    lease_s: int
    concurrency: int
    after_cold_start: bool

    def prepare(self, ref: str, work: Work[R]) -> Q | None:
        """Read what is to be done; None when nothing is left to do (the timer goes)."""

    def perform(self, request: Q) -> A:
        """Call the network. Raises `Weather` to be retried with back-off; every other answer is a value."""

    def record(self, ref: str, request: Q, answer: A, work: Work[R]) -> Iterable[Outgoing]:
        """Store the outcome. The timer goes unless this sets it anew."""
