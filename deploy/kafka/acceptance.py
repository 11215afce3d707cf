"""Whether the brokers take the passwords that were set: tried at each of them, as whoever holds one would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pydantic import SecretStr

from shared.messaging.failures import Weather
from shared.messaging.kafka.dialogue import Dialogue
from shared.messaging.kafka.standing import Standing
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings

MECHANISM = "SCRAM-SHA-512"


def refusals(kafka: KafkaSettings, passwords: Mapping[str, str]) -> list[str]:
    """Of every broker that is up, why it does not let somebody in yet, one sentence each; empty when all let in all.

    `kafka` are the super user's settings. One who comes by another mechanism comes to a listener where passwords of
    SCRAM may not be taken at all: then none is tried. Raises Weather when no broker answers, KafkaProblem when the
    super user himself is not taken.
    """
    if kafka.sasl_mechanism != MECHANISM:
        return []
    holders = [replace(kafka, username=name, password=SecretStr(word)) for name, word in passwords.items()]
    brokers = sorted(Standing.of(kafka, ()).brokers) if holders else []
    found = (_refusal(holder, broker) for broker in brokers for holder in holders)
    return [refusal for refusal in found if refusal is not None]


def _refusal(holder: KafkaSettings, broker: str) -> str | None:
    try:
        Dialogue(holder, broker).close()
    except (KafkaProblem, Weather) as problem:
        return str(problem)
    return None
