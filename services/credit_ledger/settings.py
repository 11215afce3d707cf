"""What the ledger is told by its environment."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.messaging.settings import DATABASE_WANTED, DatabaseUrl, WorkerSettings


class LedgerSettings(WorkerSettings):
    """The worker's."""

    database_url: DatabaseUrl = Field(validation_alias="REFILL_CREDIT_LEDGER_DATABASE_URL", description=DATABASE_WANTED)


class AuditSettings(BaseSettings):
    """Of `verify`, which anyone with read access may run (C14)."""

    database_url: DatabaseUrl = Field(
        validation_alias="REFILL_AUDITOR_DATABASE_URL",
        description="the PostgreSQL address of a role that may read the ledger's schema",
        examples=["postgresql://auditor:...@127.0.0.1:5432/refill"],
    )
