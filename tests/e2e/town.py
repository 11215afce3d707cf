"""A whole running system that several tests share, and households in it: a workspace of its own for each test."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from deploy.demo.oracles import Books, StripeJournal
from deploy.demo.scene import Scene
from deploy.demo.witness import Witness
from deploy.stripe_sandbox.control import SandboxControl
from services.cli.client import Client
from shared.contracts import catalog
from shared.contracts.credit_ledger import CreditsBurned, UsageRefused
from shared.contracts.dead_letter import DeadLettered
from shared.contracts.envelope import Envelope, write
from shared.contracts.message import Message
from shared.contracts.top_up_commands import PurchaseTopUp, Quote, QuoteTopUp
from shared.contracts.top_up_events import CommandRefused, TopUpQuoted
from shared.contracts.topics import Topic
from shared.contracts.workspace import ContactChanged, MemberChanged, Role, WorkspaceChanged
from shared.messaging.log import Place
from tests.e2e.waiting import wait_until

if TYPE_CHECKING:
    from kafka import KafkaProducer

Event = dict[str, Any]
Headers = Sequence[tuple[str, bytes]]

PACKAGE = "credits-3k"
OCCURRED_AT = datetime(2026, 1, 31, 12, tzinfo=UTC)
LARGEST_REQUEST_BYTES = 8 * 1_048_576  # above the broker's limit: what is too large is for the broker to say
PEOPLE: tuple[Role, ...] = ("owner", "admin", "editor", "viewer")


@dataclass(frozen=True)
class Household:
    """One workspace on Business with a saved card, and one person of each role, known to every service."""

    name: str

    def person(self, role: str) -> str:
        """The id of the one member with this role."""
        return f"{self.name}-{role}"

    @property
    def customer(self) -> str:
        return f"cus_{self.name}"

    @property
    def card(self) -> str:
        return f"pm_{self.name}"

    def address(self, role: str) -> str:
        return f"{self.person(role)}@example.test"


@dataclass
class Town:
    """The world, everyone's eyes on it, and the gestures of clients that are not ours."""

    world: Scene
    superuser_url: str
    witness: Witness = field(init=False)
    client: Client = field(init=False)
    _producers: dict[str, KafkaProducer] = field(default_factory=dict)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.witness = Witness(self.world.kafka("edge"))
        self.client = Client(self.world.kafka("edge"), writers=self.world.writers())

    @property
    def sandbox(self) -> SandboxControl:
        return SandboxControl(self.world.sandbox_url)

    @property
    def journal(self) -> StripeJournal:
        return StripeJournal(self.world.journal)

    @property
    def books(self) -> Books:
        return Books(self.world.auditor_url, self.world.environment_of("auditor"))

    def close(self) -> None:
        self.witness.close()
        self.client.close()
        for producer in self._producers.values():
            producer.close()

    def producer_of(self, topic: Topic) -> KafkaProducer:
        """The producer of the one who may write this topic, kept for all that is to be written."""
        party = topic.producers[0]
        if party not in self._producers:
            self._producers[party] = self.foreign_producer(topic)
        return self._producers[party]

    def foreign_producer(self, topic: Topic) -> KafkaProducer:
        """A producer as any product has one, without anything of ours but a name that may write this topic."""
        from kafka import KafkaProducer  # not with this module: conftest loads it for runs that need no Kafka

        kafka = self.world.kafka(topic.producers[0])
        assert kafka.password
        return KafkaProducer(
            bootstrap_servers=list(kafka.bootstrap),
            security_protocol=kafka.security_protocol,
            sasl_mechanism=kafka.sasl_mechanism,
            sasl_plain_username=kafka.username,
            sasl_plain_password=kafka.password.get_secret_value(),
            acks="all",
            max_request_size=LARGEST_REQUEST_BYTES,
        )

    def household(self, *, workspace_name: str = "A Household", person_name: str = "A Person") -> Household:
        """A new workspace. Returns when every service knows of it."""
        home = Household(f"home-{next(self._numbers)}-{uuid4().hex[:8]}")
        self.sandbox.customer(home.customer, cards=((home.card, "pm_card_visa"),))
        self.client.send(catalog.WORKSPACE_DIRECTORY, workspace(home, name=workspace_name))
        for role in PEOPLE:
            self.client.send(catalog.WORKSPACE_DIRECTORY, member(home, home.person(role), role))
            self.client.send(catalog.WORKSPACE_CONTACT, contact(home, role, name=person_name))
        for topic in (catalog.WORKSPACE_DIRECTORY, catalog.WORKSPACE_CONTACT):
            self.all_consumed(topic)
        return home

    def ask(self, command: Message, *answers: type[Message], timeout_s: float = 60) -> Message:
        """Send a command and wait for what billing says to it."""
        kinds = answers or (TopUpQuoted, CommandRefused)
        return self.witness.answer(self.client.send(catalog.TOP_UP_COMMANDS, command), *kinds, timeout_s=timeout_s)

    def quote(self, home: Household) -> Quote:
        """What the owner reviews: one package for the editor."""
        answer = self.ask(quote_command(home))
        assert isinstance(answer, TopUpQuoted), answer
        return answer.quote

    def send_raw(
        self,
        topic: Topic,
        value: bytes | None,
        *,
        key: bytes | None = None,
        headers: Headers = (),
        partition: int | None = 0,
    ) -> tuple[Place, int]:
        """These very bytes, to this very partition. Returns where they stand in the log."""
        sent = (
            self.producer_of(topic)
            .send(
                self.world.topic_prefix + topic.name, value=value, key=key, headers=list(headers), partition=partition
            )
            .get(timeout=30)
        )
        return Place(topic.name, sent.partition), sent.offset

    def dead_letters(self, place: Place, offset: int, services: Sequence[str]) -> list[DeadLettered]:
        """What each of these services wrote about the message there: waits until all have, one letter each."""

        def written() -> list[DeadLettered]:
            return self.witness.seen(
                DeadLettered,
                lambda letter: (
                    (letter.source_topic, letter.source_partition, letter.source_offset)
                    == (place.topic, place.partition, offset)
                ),
            )

        self.witness.until(lambda: len(written()) >= len(services), f"{services} set {place}/{offset} aside")
        letters = written()
        assert sorted(letter.service for letter in letters) == sorted(services)
        return letters

    def consumed(self, place: Place, offset: int, services: Sequence[str]) -> None:
        """Wait until all of these services are past this offset."""
        everything = Books(self.superuser_url, {})  # the auditor sees nothing of notification's
        for service in services:
            wait_until(
                partial(everything.has_consumed, service.replace("-", "_"), place.topic, {place.partition: offset + 1}),
                f"{service} has consumed {place}/{offset}",
            )

    def all_consumed(self, topic: Topic) -> None:
        """Wait until every service that reads the topic is past all that stands there now."""
        for partition, end in self.client.ends(topic).items():
            if end:
                self.consumed(Place(topic.name, partition), end - 1, readers(topic))

    def burned(self, home: Household, credits: int) -> None:
        """Wait until the editor's usage comes to this many credits, and look that it is not more."""
        self.witness.until(lambda: self._burned(home) >= credits, f"{home.name} has burned {credits}")
        assert self._burned(home) == credits

    def refused_usage(self, home: Household, usage_id: str, timeout_s: float = 60) -> UsageRefused:
        """Wait until a usage is refused."""
        return self.witness.wait(
            UsageRefused,
            lambda event: (event.workspace_id, event.usage_id) == (home.name, usage_id),
            f"usage {usage_id} is refused",
            timeout_s=timeout_s,
        )

    def usage_refusals(self, usage_id: str) -> list[UsageRefused]:
        """The refusals of this id so far, whoever's it is."""
        return self.witness.seen(UsageRefused, lambda event: event.usage_id == usage_id)

    def _burned(self, home: Household) -> int:
        return sum(event.credits for event in self.witness.seen(CreditsBurned, _is_of(home)))


def readers(topic: Topic) -> list[str]:
    """The services that consume a topic."""
    return [name for name in topic.consumers if name in catalog.SERVICES]


def _is_of(home: Household) -> Callable[[CreditsBurned], bool]:
    return lambda event: event.workspace_id == home.name


def workspace(home: Household, *, name: str = "A Household", version: int = 1) -> WorkspaceChanged:
    return WorkspaceChanged(
        workspace_id=home.name,
        name=name,
        plan="business",
        status="active",
        cycle_anchor=OCCURRED_AT.date(),
        processor_customer_id=home.customer,
        payment_method_id=home.card,
        version=version,
    )


def member(home: Household, user: str, role: Role, version: int = 1) -> MemberChanged:
    return MemberChanged(workspace_id=home.name, user_id=user, role=role, version=version)


def contact(home: Household, role: str, name: str = "A Person") -> ContactChanged:
    return ContactChanged(user_id=home.person(role), name=name, email=home.address(role), version=1)


def quote_command(home: Household, *editors: str, actor: str = "") -> QuoteTopUp:
    return QuoteTopUp(
        workspace_id=home.name,
        actor_id=actor or home.person("owner"),
        package_id=PACKAGE,
        user_ids=editors or (home.person("editor"),),
    )


def purchase_command(home: Household, quote: Quote, actor: str = "", request_id: str | None = None) -> PurchaseTopUp:
    """A new purchase of what was reviewed."""
    return PurchaseTopUp(
        workspace_id=home.name,
        actor_id=actor or home.person("owner"),
        purchase_id=str(uuid4()),
        quote=quote,
        request_id=request_id,
    )


def event_of(message: Message) -> Event:
    """A whole event as JSON, to be spoiled by a test."""
    envelope = Envelope(
        id=str(uuid4()), source="/test-product", type=message.type, time=OCCURRED_AT, data=message.wire()
    )
    event: Event = json.loads(write(envelope))
    return event


def usage_event(home: Household, credits: int = 7, **changes: object) -> Event:
    """A usage of the household's editor as a product of another make writes it."""
    data: Mapping[str, object] = {
        "usage_id": str(uuid4()),
        "workspace_id": home.name,
        "user_id": home.person("editor"),
        "occurred_at": "2026-01-31T12:00:00Z",
        "credits": credits,
        **changes,
    }
    return {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/test-product",
        "type": "product.usage-reported.v1",
        "time": "2026-01-31T12:00:00Z",
        "data": dict(data),
    }


def line(event: object) -> bytes:
    """One line of JSON, as it is typed."""
    return json.dumps(event).encode()
