"""A family of topics under the rules of the catalog, and everyone who may come to it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import pytest
from pydantic import SecretStr

from deploy.kafka import access
from deploy.local.principals import Principals
from shared.messaging.settings import KafkaSettings
from tests.integration.kafka.rights.attempts import Attempts, Unproven
from tests.integration.kafka.rights.expected import PARTIES, TOPICS, Deed
from tests.stack.topics import delete_topics

STRANGER = "stranger"
OUTSIDERS = (
    "a user without rules",
    "a name nobody knows",
    "billing with a wrong password",
    "a name without a password",
)


@dataclass
class Office:
    """The broker under the catalog's rules. Everyone tried to make the topics while they were not there, the super user
    last: `created` tells who was let."""

    admin: KafkaSettings
    created: dict[str, set[tuple[str, Deed]]] = field(default_factory=dict)

    @property
    def people(self) -> dict[str, Attempts]:
        """Everyone: the parties, someone whom no rule names, and those who prove no name at all."""
        principals = Principals(self.admin)
        word = SecretStr("not the password")
        known = {party: Attempts(principals.settings(party), TOPICS) for party in PARTIES}
        stranger = replace(self.admin, username=STRANGER, password=SecretStr(STRANGER))
        outsiders = (
            Attempts(stranger, TOPICS),
            Attempts(replace(self.admin, username="nobody", password=word), TOPICS),
            Attempts(replace(self.admin, username="billing", password=word), TOPICS),
            Attempts(replace(self.admin, username="billing"), TOPICS, Unproven),
        )
        return {**known, **dict(zip(OUTSIDERS, outsiders, strict=True))}

    @property
    def super_user(self) -> Attempts:
        return Attempts(self.admin, TOPICS)


@pytest.fixture(scope="package")
def office(kafka_broker: KafkaSettings) -> Iterator[Office]:
    admin = replace(kafka_broker, prefix=f"rights-{uuid.uuid4().hex[:8]}.")
    made = Office(admin)
    access.apply(admin, {**Principals(admin).passwords(), STRANGER: STRANGER})
    made.created = {name: person.let("create") for name, person in made.people.items()}
    made.created["admin"] = made.super_user.let("create")
    made.super_user.wait_for_topics()
    yield made
    access.withdraw(admin)
    delete_topics(admin)
