"""Something happened to a purchase: the accounts that it tops up are looked at (B14)."""

from __future__ import annotations

from services.billing.handlers.timers import AUTO_TOP_UP
from services.billing.repository import BillingRepository
from shared.messaging.work import Work


def ring(purchase_id: str, work: Work[BillingRepository]) -> None:
    """Now: what is to be done is read off the rows, so it does not matter how often it rings."""
    accounts = work.repository.auto_top_ups.accounts_of(purchase_id)
    work.timers.set_many(AUTO_TOP_UP, [(account, work.now) for account in accounts])
