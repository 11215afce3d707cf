"""A running notification worker in a world of its own: events go in by Kafka, tables and mails are looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import psycopg

from deploy.local.mailbox import Mail
from deploy.local.waiting import wait_until
from deploy.local.worker import Worker
from deploy.local.world import World
from deploy.postgres.roles import worker as worker_role
from services.cli.client import Client
from services.cli.listening import kept_events
from services.notification.app import SCHEMA
from services.notification.domain.notice import Told
from services.notification.repository import NotificationRepository
from services.notification.repository.emails import Delivery
from shared.contracts.catalog import NOTIFICATION_DELIVERY as DELIVERIES
from shared.contracts.catalog import TOPICS
from shared.contracts.message import Message
from shared.messaging.ids import derive
from shared.messaging.log import Parcel
from shared.messaging.settings import KafkaSettings
from shared.postgres.pool import Database
from tests.unit.notification import events

PATIENCE_S = 60  # what takes a second here may take long on a machine that does much else
LOG_LINES = 40  # of a worker that did not do what was waited for

TOPIC_OF = {message: topic for topic in TOPICS for message in topic.messages}


class Live:
    """The world, the worker in it, and what can be seen from outside."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.kafka: KafkaSettings = world.kafka("admin")
        self._client = Client(self.kafka, "/tests")
        self._database = Database(world.environment["REFILL_NOTIFICATION_DATABASE_URL"], worker_role(SCHEMA), SCHEMA)

    @property
    def worker(self) -> Worker:
        return self.world.workers[SCHEMA]

    def say(self, *messages: Message) -> None:
        """Publish what the other services would; equal messages are one event."""
        self.deliver(
            self._client.parcel(TOPIC_OF[type(message)], message, str(derive(message.type, message.model_dump_json())))
            for message in messages
        )

    def deliver(self, parcels: Iterable[Parcel]) -> None:
        """Publish anything."""
        self._client.deliver(parcels)

    def know_everybody(self) -> None:
        """Publish the directory and wait until the worker has it, so that no later crash falls into that."""
        self.say(*events.directory())
        wanted = len(events.ROLES)
        self._until(
            lambda: (
                self._count("SELECT count(*) FROM contacts") == self._count("SELECT count(*) FROM members") == wanted
                and self._count("SELECT count(*) FROM workspaces") == 1
            ),
            "the directory",
        )

    def wait_for_notices(self, user_id: str, count: int) -> list[Told]:
        """What the person was told, once it is `count` notices."""
        self._until(lambda: len(self.told(user_id)) >= count, f"{count} notices of {user_id}")
        return self.told(user_id)

    def wait_for_emails(self, user_id: str, state: str) -> list[Delivery]:
        """The person's emails, once all are in `state`."""
        self._until(
            lambda: {delivery.state for delivery in self.emails(user_id)} == {state}, f"emails of {user_id} {state}"
        )
        return self.emails(user_id)

    def wait_until_quiet(self) -> None:
        """Nothing is left to be published, and no email is on its way."""
        quiet = "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM timers WHERE kind IN ('email', 'digest'))"
        self._until(lambda: self._count(quiet) == 0, "an empty outbox and no email to send")

    def wait_for_role(self, user_id: str, role: str) -> None:
        """The worker knows that the person has this role."""
        query = f"SELECT count(*) FROM members WHERE (user_id, role) = ('{user_id}', '{role}')"
        self._until(lambda: self._count(query) == 1, f"{user_id} is {role}")

    def hurry(self, kind: str) -> None:
        """Let the timers of a kind be due, as if their time had passed."""
        with self._database.transaction() as connection:
            connection.execute("UPDATE timers SET due_at = now() WHERE kind = %s", (kind,))

    def told(self, user_id: str) -> list[Told]:
        with self._database.transaction() as connection:
            return NotificationRepository(connection).notices.of_person(user_id)

    def emails(self, user_id: str) -> list[Delivery]:
        with self._database.transaction() as connection:
            return NotificationRepository(connection).emails.of_person(user_id)

    def mails(self) -> list[Mail]:
        """What the mail server has taken."""
        return self.world.mailbox.mails()

    def published(self) -> Counter[tuple[str, str]]:
        """How often each event stands on the delivery topic: type and id."""
        return Counter((event.envelope.type, event.envelope.id) for event in kept_events(self.kafka, [DELIVERIES]))

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
        self._database.close()

    def _until(self, condition: Callable[[], bool], what: str) -> None:
        """Waits for what the worker is to do. Fails with its exit code and its last words: at once when it has ended,
        as nobody else would do it."""

        def done_or_over() -> bool:
            return condition() or not self.worker.running

        try:
            wait_until(done_or_over, PATIENCE_S, what)
        except TimeoutError as error:
            raise AssertionError(f"{error}; {self._last_words()}") from None
        if not condition():
            raise AssertionError(f"{what}: nobody works on it; {self._last_words()}")

    def _last_words(self) -> str:
        code = self.worker.exit_code
        state = "the worker runs" if code is None else f"the worker ended with {code}"
        lines = self.worker.log.read_text(errors="replace").splitlines()[-LOG_LINES:]
        return "\n".join([f"{state}, the end of its log:", *lines])

    def _count(self, query: str) -> int:
        try:
            with self._database.transaction() as connection:
                row = connection.execute(query).fetchone()
        except psycopg.OperationalError:
            return -1
        assert row is not None
        return int(row[0])
