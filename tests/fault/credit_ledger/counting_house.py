"""A real ledger worker in a world of its own: messages by Kafka, plain SQL and the topics themselves as oracles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

import psycopg

from deploy.local.cluster import Cluster
from deploy.local.waiting import wait_until
from deploy.local.worker import Worker
from deploy.local.world import World
from services.cli.client import Client
from services.cli.listening import Event, kept_events
from shared.contracts.catalog import LEDGER_ACCOUNT, LEDGER_ANSWERS, LEDGER_BALANCE, LEDGER_PURCHASE, TOPICS
from shared.contracts.message import Message
from tests.integration.credit_ledger.ledger import bad_checks, catalog, member, workspace
from tests.stack.database import Database

PATIENCE_S = 60  # what takes a second here may take long on a machine that does much else
TOLD_ON = (LEDGER_ACCOUNT, LEDGER_ANSWERS, LEDGER_BALANCE, LEDGER_PURCHASE)
TOPIC_OF = {message: topic for topic in TOPICS for message in topic.messages}
USERS = ("erin", "evan")


class CountingHouse:
    """Acme on Business with two editors; the worker is not started yet."""

    def __init__(self, world: World, cluster: Cluster) -> None:
        self.world = world
        self.database = Database(cluster, world.database)
        self.kafka = world.kafka("admin")
        self.client = Client(self.kafka, "/products/studio")

    @property
    def worker(self) -> Worker:
        return self.world.workers["credit_ledger"]

    def say(self, *messages: Message) -> None:
        """Publish each as an event of its own."""
        self.client.deliver(self.client.parcel(TOPIC_OF[type(each)], each, str(uuid4())) for each in messages)

    def say_unkeyed(self, messages: Sequence[Message]) -> None:
        """The same without a key: any partition may get any of them, in envelopes of their own."""
        parcels = [self.client.parcel(TOPIC_OF[type(each)], each, str(uuid4())) for each in messages]
        self.client.deliver(replace(parcel, key=None) for parcel in parcels)

    def open(self) -> None:
        """Let a worker learn catalog and directory and open the quotas: no later crash falls into that."""
        self.say(catalog(), workspace(), *(member(user) for user in USERS))
        self.worker.start()
        wait_until(lambda: self.count("SELECT count(*) FROM lots") == len(USERS), PATIENCE_S, "the quotas")
        self.wait_until_told()
        assert self.worker.stop() == 0

    def start_to_die(self, border: str) -> None:
        """A worker that is killed when it gets to this border; returns when it is dead."""
        child = self.worker.start({"CRASH_AT": border})
        assert child.wait(PATIENCE_S) == -9

    def wait_for_usages(self, number: int) -> None:
        wait_until(lambda: self.count("SELECT count(*) FROM usages") == number, PATIENCE_S, f"{number} usages")

    def wait_for_holds(self, captured: int, released: int) -> None:
        def ended(state: str) -> int:
            return self.count(f"SELECT count(*) FROM holds WHERE state = '{state}'")

        wait_until(
            lambda: (ended("captured"), ended("released")) == (captured, released), PATIENCE_S, "all holds ended"
        )

    def wait_for_purchases(self, number: int) -> None:
        wait_until(lambda: self.count("SELECT count(*) FROM purchases") == number, PATIENCE_S, f"{number} purchases")

    def wait_until_told(self) -> None:
        """Nothing is left to be published."""
        wait_until(lambda: self.count("SELECT count(*) FROM outbox") == 0, PATIENCE_S, "an empty outbox")

    def told(self) -> list[Event]:
        """Every event on the ledger's topics, each once; a repetition must be the same event to the byte."""
        events: dict[str, Event] = {}
        for event in kept_events(self.kafka, TOLD_ON):
            first = events.setdefault(event.envelope.id, event)
            assert first.message == event.message, "one id, two facts"
        return list(events.values())

    def left(self, user: str) -> dict[str, int]:
        """What a user has left, by kind of lot."""
        rows = self.rows("SELECT kind, sum(remaining) FROM lots WHERE user_id = %s GROUP BY kind", user)
        return {kind: int(credits) for kind, credits in rows}

    def books(self) -> list[list[tuple[Any, ...]]]:
        """Every row of the books, to be compared."""
        tables = (
            "postings",
            "lots",
            "usages",
            "purchases",
            "grants",
            "accounts",
            "holds",
            "hold_ends",
            "usage_reversals",
        )
        return [sorted(self.rows(f"SELECT * FROM {table}"), key=repr) for table in tables]

    def bad_checks(self) -> list[str]:
        return bad_checks(self.database)

    def count(self, query: str) -> int:
        return int(self.rows(query)[0][0])

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Plain SQL as a superuser."""
        with psycopg.connect(self.database.superuser_url, options="-c search_path=credit_ledger") as connection:
            return connection.execute(query, parameters).fetchall()

    def forget_offsets(self) -> None:
        """As if the worker had never read anything: every topic is read again from its start."""
        with psycopg.connect(self.database.superuser_url, options="-c search_path=credit_ledger") as connection:
            connection.execute("UPDATE offsets SET next_offset = 0")

    def offsets(self) -> list[tuple[Any, ...]]:
        """How far each lane has come."""
        return self.rows("SELECT lane, topic, partition, next_offset FROM offsets ORDER BY 1, 2, 3")

    def close(self) -> None:
        self.client.close()
