"""The service's handlers and its email errand at a real database, without Kafka: a test hands in events one by one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

import psycopg

from services.notification.domain.delivery import Outcome
from services.notification.domain.links import Console
from services.notification.domain.notice import Told
from services.notification.handlers import LANES
from services.notification.handlers.email import MailErrand, Postman, mail_errands
from services.notification.letter import Letter
from services.notification.rendering import Letters
from services.notification.repository import NotificationRepository
from services.notification.repository.emails import Delivery
from shared.contracts.catalog import WORKSPACE_CONTACT, WORKSPACE_DIRECTORY
from shared.contracts.decode import Tombstone
from shared.contracts.message import Message
from shared.contracts.topics import Topic
from shared.messaging.agenda import Agenda
from shared.messaging.failures import Weather
from shared.messaging.timers import PostgresTimers
from shared.messaging.work import Cause, Effect, Outgoing, Park, Reaction, Received, Work
from tests.unit.notification.events import NOW

CONSOLE = Console("https://console.refill.test")
REACTIONS: dict[tuple[str, type[Any]], Reaction[NotificationRepository]] = {
    (reaction.topic.name, reaction.message): reaction for lane in LANES for reaction in lane.reactions
}


@dataclass(frozen=True)
class Event:
    """A message as it is delivered: the same `id` again is the same event again."""

    message: Message | Tombstone = field(repr=False)
    id: str
    topic: Topic = field(repr=False)
    correlation_id: str | None = None
    appended_at: datetime = field(default=NOW, repr=False)
    may_wait: bool = field(default=True, repr=False)

    def received(self) -> Received[Any]:
        cause = Cause(f"/{self.topic.owner}", self.id, self.correlation_id)
        return Received(self.message, cause, self.topic.name, 0, 0, 0, self.appended_at, self.may_wait)


def event(message: Message, id: str | None = None, **more: Any) -> Event:
    """The event of a message; without an id, equal messages are the same event."""
    topic = next(reaction.topic for (_, kind), reaction in REACTIONS.items() if kind is type(message))
    return Event(message, id or f"{message.type} {message.model_dump_json()}", topic, **more)


def removed(key: str) -> Event:
    """The tombstone of a workspace, or of a member."""
    return Event(Tombstone(key), f"tombstone {key}", WORKSPACE_DIRECTORY)


def erased(user_id: str) -> Event:
    """The tombstone of a person's contact."""
    return Event(Tombstone(user_id), f"tombstone {user_id}", WORKSPACE_CONTACT)


@dataclass
class Letterbox:
    """A postman without a server: what it took, and what it was handed while the server was `away`."""

    letters: list[Letter] = field(default_factory=list)
    tried: list[Letter] = field(default_factory=list)
    away: bool = False

    def send(self, letter: Letter) -> Outcome:
        self.tried.append(letter)
        if self.away:
            raise Weather("the mail server is away")
        self.letters.append(letter)
        return Outcome.SENT

    @property
    def subjects(self) -> list[str]:
        return [letter.subject for letter in self.letters]


@dataclass
class Stand:
    """One database connection as the worker's role, and the time as the test sets it."""

    connection: psycopg.Connection
    now: datetime = NOW
    published: list[Message] = field(default_factory=list)
    outgoing: list[Outgoing] = field(default_factory=list)
    parked: list[Park] = field(default_factory=list)

    @property
    def repository(self) -> NotificationRepository:
        return NotificationRepository(self.connection)

    def receive(self, *events: Event | Message) -> None:
        """Handle the events in runs of one type, as the runtime does, in one transaction."""
        delivered = [one if isinstance(one, Event) else event(one) for one in events]
        with self.connection.transaction():
            for (topic, kind), run in groupby(delivered, key=lambda one: (one.topic.name, type(one.message))):
                reaction = REACTIONS[topic, kind]
                self._keep(reaction.handler([one.received() for one in run], self._work()))

    def run_emails(self, postman: Postman) -> None:
        """Attend once to each email that is due."""
        for errand in mail_errands(Letters(CONSOLE), postman, lease_s=60):
            for ref in self._due(errand.kind):
                self._attend(errand, ref)

    def wait(self, time: timedelta) -> None:
        """Let time pass."""
        self.now += time

    def told(self, user_id: str) -> list[Told]:
        with self.connection.transaction():
            return self.repository.notices.of_person(user_id)

    def emails(self, user_id: str) -> list[Delivery]:
        with self.connection.transaction():
            return self.repository.emails.of_person(user_id)

    def wordings(self, user_id: str) -> list[str]:
        return [told.wording for told in self.told(user_id)]

    def states(self, user_id: str) -> list[str]:
        return [told.state for told in self.told(user_id)]

    def _attend(self, errand: MailErrand, ref: str) -> None:
        """As the runtime does: the timer goes unless it was set anew."""
        agenda = Agenda()
        work = Work(self.repository, self.now, agenda)
        with self.connection.transaction():
            attempt = errand.prepare(ref, work)
        answer = None if attempt is None else errand.perform(attempt)
        with self.connection.transaction():
            PostgresTimers(self.connection).cancel(errand.kind, ref)
            if attempt is not None:
                self._keep(errand.record(ref, attempt, answer, work))
            agenda.write(self.connection)

    def _work(self) -> Work[NotificationRepository]:
        return Work(self.repository, self.now, PostgresTimers(self.connection))

    def _keep(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Park):
                self.parked.append(effect)
            else:
                self.outgoing.append(effect)
                self.published.append(effect.message)

    def _due(self, kind: str) -> Sequence[str]:
        with self.connection.transaction():
            rows = self.connection.execute(
                "SELECT ref FROM timers WHERE kind = %s AND due_at <= %s ORDER BY due_at, ref", (kind, self.now)
            )
            return [row[0] for row in rows]
