"""A real billing worker in a world of its own: commands by Kafka, the sandbox's journal and the log as oracles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from uuid import uuid4

import psycopg

from deploy.local.ports import free_port
from deploy.local.program import Program
from deploy.local.waiting import wait_until
from deploy.local.worker import Worker
from deploy.local.world import World
from deploy.stripe_sandbox.control import SandboxControl
from services.cli.client import Client
from services.cli.listening import kept_events
from shared.contracts.catalog import TOP_UP, TOPICS
from shared.contracts.message import Message
from shared.contracts.top_up_commands import PurchaseTopUp
from tests.integration.billing.messages import CARDS, ROLES, catalog, member, workspace

SIGKILLED = -9
PATIENCE_S = 120  # what takes seconds here may take long beside all other tests

TOPIC_OF = {message: topic for topic in TOPICS for message in topic.messages}


class Shop:
    """Acme with its cards; the worker is not started yet."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.sandbox = SandboxControl(world.environment["REFILL_STRIPE_API_BASE"])
        self.sandbox.customer("cus_acme", cards=CARDS)
        self.kafka = world.kafka("admin")
        self.client = Client(self.kafka, "/tests")

    @property
    def worker(self) -> Worker:
        return self.world.workers["billing"]

    def say(self, *messages: Message) -> None:
        """Publish each as an event of its own."""
        for message in messages:
            self.client.send(TOPIC_OF[type(message)], message)

    def open(self, payment_method_id: str = "pm_good") -> None:
        """Publish catalog and directory, and wait until a worker has them: no later crash falls into that."""
        self.say(catalog(), workspace(payment_method_id=payment_method_id))
        self.say(*(member(user, role) for user, role in ROLES.items()))
        self.worker.start()
        known = "SELECT count(*) FROM members"
        wait_until(lambda: self.count(known) == len(ROLES), PATIENCE_S, "the directory")
        self.close_for_the_day()

    def say_unkeyed(self, command: PurchaseTopUp, copies: int) -> None:
        """The same command in many envelopes without a key: any partition may get any of them."""
        topic = TOPIC_OF[type(command)]
        parcels = [self.client.parcel(topic, command, str(uuid4())) for _ in range(copies)]
        self.client.deliver(replace(parcel, key=None) for parcel in parcels)

    def second_worker(self) -> Worker:
        """Another process of billing beside the first, with a port of its own."""
        settings = {**self.world.environment_of("billing"), "REFILL_BILLING_HTTP_PORT": str(free_port())}
        folder = self.world.folder / "second"
        folder.mkdir()
        second = Worker("billing", self.world._run, folder, settings)
        second.start()
        return second

    def start_to_die(self, border: str) -> Program:
        """A worker that is killed when it gets to this border for the first time."""
        return self.worker.start({"CRASH_AT": f"{border}:1"})

    def wait_for_kill(self, dying: Program) -> None:
        """The worker was killed at its border, not ended by anything else."""
        assert dying.wait(PATIENCE_S) == SIGKILLED, dying.log_tail()

    def close_for_the_day(self) -> None:
        """Stop the worker, which drains and has nothing to complain about."""
        code, said = self.worker.stop(), self.worker.log.read_text()
        assert code == 0, said[-5_000:]
        secrets = (self.world.environment["REFILL_STRIPE_API_KEY"], "_secret_", "whsec_")
        assert not [secret for secret in secrets if secret in said], "a secret is in the log"

    def wait_for(self, state: str, command: PurchaseTopUp) -> None:
        """Until the purchase stands there."""
        query = "SELECT count(*) FROM purchases WHERE purchase_id = %(purchase_id)s AND state = %(state)s"
        values = {"purchase_id": command.purchase_id, "state": state}
        wait_until(lambda: self.count(query, values) == 1, PATIENCE_S, f"purchase {state}")

    def wait_until_quiet(self) -> None:
        """Nothing is left to be published, and nothing of a payment is due."""
        query = (
            "SELECT (SELECT count(*) FROM outbox)"
            " + (SELECT count(*) FROM timers WHERE kind IN ('charge', 'settle', 'cancel'))"
        )
        wait_until(lambda: self.count(query) == 0, PATIENCE_S, "an empty outbox and no errand")

    def charges(self) -> Counter[str]:
        """How often each purchase was charged, by the processor's journal."""
        return Counter(
            str(line["metadata"]["purchase_id"])  # type: ignore[call-overload,index]  # a JSON object
            for line in self.sandbox.journal()
            if line["effect"] == "charge_succeeded"
        )

    def told(self, message: type[Message]) -> Counter[str]:
        """How many different events of one kind each purchase has on the topic; a repetition has the same id."""
        events = {
            event.envelope.id: event.envelope.data["purchase_id"]
            for event in kept_events(self.kafka, [TOP_UP])
            if event.envelope.type == message.type
        }
        return Counter(events.values())

    def intent_of(self, command: PurchaseTopUp) -> str:
        """The processor's payment of a purchase."""
        with self._connect() as connection:
            query = "SELECT payment_intent_id FROM payments WHERE purchase_id = %s"
            row = connection.execute(query, (command.purchase_id,)).fetchone()
        assert row is not None
        return str(row[0])

    def count(self, query: str, values: Mapping[str, str] | None = None) -> int:
        """One number from billing's tables; -1 while there is none."""
        try:
            with self._connect() as connection:
                row = connection.execute(query, values).fetchone()
        except psycopg.OperationalError:
            return -1
        return int(row[0]) if row else -1

    def execute_as_admin(self, statement: str) -> None:
        """What no worker may do: turn a timer, for instance."""
        with psycopg.connect(self.world.environment["REFILL_BILLING_MIGRATOR_DATABASE_URL"]) as connection:
            connection.execute("SET search_path = billing")
            connection.execute(statement)

    def close(self) -> None:
        """Let go of the connection."""
        self.client.close()

    def _connect(self) -> psycopg.Connection:
        url = self.world.environment["REFILL_BILLING_DATABASE_URL"]
        return psycopg.connect(url, options="-c search_path=billing")
