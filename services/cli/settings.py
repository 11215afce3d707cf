"""Where Kafka is and who speaks to it: from the environment, or from `.refill/env` that `refill up` writes.

The command line plays four parties: it reads as the edge, and writes each topic as the party whose topic that is. With
`REFILL_KAFKA_USERNAME` it is that one user instead.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydantic import Field, SecretStr

from services.cli.client import SOURCE, Client
from services.cli.outcome import Exit, Problem
from shared.contracts.catalog import PARTIES, TOPICS
from shared.contracts.topics import Topic
from shared.messaging.environment import FILE
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import ClientSettings, KafkaSettings, load_settings
from shared.messaging.topic_setup import missing

READER = "edge"
PROJECT = Path(__file__).resolve().parents[2]
MEND = "Run `refill up` in another terminal, or set REFILL_KAFKA_BOOTSTRAP."


def load_environment() -> None:
    """Add what `.refill/env` says, here or in the project, to the environment; what stands there already wins."""
    for folder in (Path.cwd(), PROJECT):
        path = folder / ".refill" / "env"
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                name, equals, value = line.partition("=")
                if equals and not os.environ.get(name + FILE):
                    os.environ.setdefault(name, value)
            return


class CommandLineSettings(ClientSettings):
    """The parties' passwords, where Kafka asks for names.

    Those of services are for redriving what a service has published, and for nobody but whoever is given one for that.
    """

    edge_kafka_password: SecretStr | None = Field(None, description="the edge's password at Kafka")
    operator_kafka_password: SecretStr | None = Field(None, description="the operators' password at Kafka")
    products_kafka_password: SecretStr | None = Field(None, description="the products' password at Kafka")
    upstream_kafka_password: SecretStr | None = Field(None, description="upstream's password at Kafka")
    billing_kafka_password: SecretStr | None = Field(None, description="billing's password at Kafka")
    credit_ledger_kafka_password: SecretStr | None = Field(None, description="the ledger's password at Kafka")

    def reader(self) -> KafkaSettings:
        """As whom everything is read."""
        return self.writers().get(READER, self.kafka())

    def writers(self) -> dict[str, KafkaSettings]:
        """As whom the topics of each party are written; none where one user does everything, or names do not count."""
        if self.kafka_username is not None or self.kafka_sasl_mechanism is None:
            return {}
        passwords = {
            READER: self.edge_kafka_password,
            "operator": self.operator_kafka_password,
            "products": self.products_kafka_password,
            "upstream": self.upstream_kafka_password,
            "billing": self.billing_kafka_password,
            "credit-ledger": self.credit_ledger_kafka_password,
        }
        known = {party: password for party, password in passwords.items() if password is not None}
        return {party: replace(self.kafka(), username=party, password=known[party]) for party in known}


def kafka_settings() -> KafkaSettings:
    """How to read from Kafka, where it and its topics are there. Raises Problem that says what is missing."""
    kafka = _loaded().reader()
    if kafka.sasl_mechanism and not kafka.username:
        raise Problem("Kafka wants a name and a password.", f"Set REFILL_EDGE_KAFKA_PASSWORD. {MEND}", Exit.USAGE)
    absent = missing(kafka, _topics_of(kafka.username))  # costs 0.1 s; the client takes 5 s to say the same of anything
    if absent:
        raise Problem(f"{absent}.", MEND, Exit.NO_ANSWER)
    return kafka


def connected(source: str = SOURCE, *, to_write: Sequence[Topic]) -> Client:
    """A client that may write these topics. Raises Problem that says what is missing."""
    kafka, writers = kafka_settings(), _loaded().writers()
    unknown = sorted({topic.producers[0] for topic in to_write} - set(writers)) if writers else []
    if unknown:
        wanted = " and ".join(f"REFILL_{party.upper().replace('-', '_')}_KAFKA_PASSWORD" for party in unknown)
        who = f"This is written as {' and '.join(unknown)}, without a password known for it."
        raise Problem(who, f"Set {wanted}.", Exit.USAGE)
    return Client(kafka, source, writers=writers)


def _loaded() -> CommandLineSettings:
    load_environment()
    try:
        return load_settings(CommandLineSettings)
    except SettingsProblem as error:
        raise Problem(str(error), MEND, Exit.USAGE) from error


def _topics_of(name: str | None) -> list[Topic]:
    """What a user sees of the catalog: a party its own topics, anyone else all."""
    return [topic for topic in TOPICS if name not in PARTIES or name in (*topic.producers, *topic.consumers)]
