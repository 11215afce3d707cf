"""Where Kafka is: from the environment, or from `.refill/env` that `refill up` writes."""

from __future__ import annotations

import os
from pathlib import Path

from services.cli.outcome import Exit, Problem
from shared.messaging.failures import SettingsProblem
from shared.messaging.settings import ClientSettings, KafkaSettings, load_settings

PROJECT = Path(__file__).resolve().parents[2]
MEND = "Run `refill up` in another terminal, or set REFILL_KAFKA_BOOTSTRAP."


def load_environment() -> None:
    """Add what `.refill/env` says, here or in the project, to the environment; what stands there already wins."""
    for folder in (Path.cwd(), PROJECT):
        path = folder / ".refill" / "env"
        if path.is_file():
            for line in path.read_text(encoding="utf-8").splitlines():
                name, equals, value = line.partition("=")
                if equals:
                    os.environ.setdefault(name, value)
            return


def kafka_settings() -> KafkaSettings:
    """How to reach Kafka. Raises Problem."""
    load_environment()
    try:
        return load_settings(ClientSettings).kafka()
    except SettingsProblem as error:
        raise Problem(str(error), MEND, Exit.USAGE) from error
