"""Where the ledger's objects meet."""

from __future__ import annotations

from pathlib import Path

from services.credit_ledger.handlers import ALARMS, LANES
from services.credit_ledger.repository import LedgerRepository
from services.credit_ledger.settings import LedgerSettings
from shared.messaging.service import Service

MIGRATIONS = Path(__file__).with_name("migrations")


def ledger(_settings: LedgerSettings) -> Service[LedgerRepository]:
    """The service's parts; it has no settings of its own beyond its addresses."""
    return Service(
        name="credit-ledger",
        schema="credit_ledger",
        lanes=LANES,
        repository=LedgerRepository,
        migrations=MIGRATIONS,
        alarms=ALARMS,
    )
