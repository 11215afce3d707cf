"""What the ledger is told by its environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings

from services.credit_ledger.domain.operator_deed import DEFAULT_LIMITS, OperatorLimits
from shared.messaging.settings import DATABASE_WANTED, DatabaseUrl, WorkerSettings


class LedgerSettings(WorkerSettings):
    """The worker's."""

    # Of the lanes only usage takes so many at once; it is written by whole sets, and one sync to disk serves them all.
    max_poll_records: Annotated[int, Field(ge=1, le=5_000)] = Field(5_000, description="the most messages of one poll")

    operator_credits_per_command: Annotated[int, Field(ge=1, le=1_000_000_000)] = Field(
        DEFAULT_LIMITS.per_command, description="the most credits that one command of an operator may grant or correct"
    )
    operator_credits_per_day: Annotated[int, Field(ge=1, le=1_000_000_000_000)] = Field(
        DEFAULT_LIMITS.per_day, description="the most credits that an operator may grant or correct in a UTC day"
    )
    database_url: DatabaseUrl = Field(validation_alias="REFILL_CREDIT_LEDGER_DATABASE_URL", description=DATABASE_WANTED)

    @property
    def operator_limits(self) -> OperatorLimits:
        """What operators may do (B15)."""
        return OperatorLimits(self.operator_credits_per_command, self.operator_credits_per_day)


class AuditSettings(BaseSettings):
    """Of `verify` and `explain`, which anyone with read access may run (C14)."""

    database_url: DatabaseUrl = Field(
        validation_alias="REFILL_AUDITOR_DATABASE_URL",
        description="the PostgreSQL address of a role that may read the ledger's schema",
        examples=["postgresql://auditor:...@127.0.0.1:5432/refill"],
    )
