"""The ledger's balances: a low one sets off what was agreed about its account (B14)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from services.billing.handlers.timers import AUTO_TOP_UP
from services.billing.repository import BillingRepository
from shared.contracts.credit_ledger import POOL, BalanceChanged
from shared.messaging.work import Effect, Received, Work


def keep_balances(messages: Sequence[Received[BalanceChanged]], work: Work[BillingRepository]) -> Iterable[Effect]:
    """Every account's newest: what is not topped up today may be tomorrow. The pool of a workspace is nobody's."""
    balances = (received.message for received in messages if received.message.user_id != POOL)
    low = work.repository.auto_top_ups.store_balances(balances)
    due = [(account, max(not_before or work.now, work.now)) for account, not_before in low]
    work.timers.set_many(AUTO_TOP_UP, due)
    return ()
