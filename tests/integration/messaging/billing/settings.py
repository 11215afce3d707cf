"""The small service's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field

from shared.messaging.settings import DATABASE_WANTED, DatabaseUrl, WorkerSettings


class GreeterSettings(WorkerSettings):
    """`companion` says what the companion does: live, refuse to start, or die."""

    database_url: DatabaseUrl = Field(validation_alias="REFILL_BILLING_DATABASE_URL", description=DATABASE_WANTED)
    greeter_journal: Path = Field(description="where greetings are written down")
    greeter_companion: Literal["lives", "cannot start", "dies"] = "lives"
