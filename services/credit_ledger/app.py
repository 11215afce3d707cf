"""Where the ledger's objects meet."""

from __future__ import annotations

from pathlib import Path

import psycopg

from services.credit_ledger.handlers import ALARMS, LANES
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.settings import LedgerSettings
from shared.messaging.service import Service

MIGRATIONS = Path(__file__).with_name("migrations")


def ledger(settings: LedgerSettings) -> Service[LedgerRepository]:
    """The service's parts."""

    def repository(connection: psycopg.Connection) -> LedgerRepository:
        return LedgerRepository(connection, settings.operator_limits)

    return Service(
        name="credit-ledger",
        schema="credit_ledger",
        lanes=LANES,
        repository=repository,
        migrations=MIGRATIONS,
        alarms=ALARMS,
    )
