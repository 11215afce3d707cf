"""Where Kafka is: from the environment, or from `.refill/env` that `refill up` writes."""

from __future__ import annotations

import os
from pathlib import Path

from services.cli.outcome import Exit, Problem
from shared.contracts.catalog import TOPICS
from shared.messaging.environment import FILE
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import ClientSettings, KafkaSettings, load_settings
from shared.messaging.topic_setup import missing

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


def kafka_settings() -> KafkaSettings:
    """How to reach Kafka, where it and its topics are there. Raises Problem that says what is missing."""
    load_environment()
    try:
        settings = load_settings(ClientSettings).kafka()
    except SettingsProblem as error:
        raise Problem(str(error), MEND, Exit.USAGE) from error
    absent = missing(settings, TOPICS)  # costs 0.1 s; the client itself says the same to every trouble, after 5 s
    if absent:
        raise Problem(f"{absent}.", MEND, Exit.NO_ANSWER)
    return settings
