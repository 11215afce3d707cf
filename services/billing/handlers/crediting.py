"""The ledger credited a purchase: it is finished, and so is the request it was for (A4, B8)."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from services.billing.domain.purchase import Purchase, PurchaseState
from services.billing.domain.request import RequestState
from services.billing.handlers.ringing import ring
from services.billing.handlers.telling import fact
from services.billing.handlers.timers import DISPUTES, MIRROR
from services.billing.repository import BillingRepository
from shared.contracts.credit_ledger import PurchaseCredited
from shared.contracts.top_up_events import RequestFulfilled
from shared.messaging.work import Cause, Effect, Outgoing, Park, Received, Work

log = structlog.get_logger()


def purchase_credited(received: Received[PurchaseCredited], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Keep it, whatever our own state says: after a restored backup the ledger may know of a payment before we do."""
    credited = received.message
    repository = work.repository
    purchase = repository.purchases.lock(credited.purchase_id)
    if purchase is None and received.may_wait:
        yield Park(received, f"purchase {credited.purchase_id}")
        return
    if purchase is None or purchase.workspace_id != credited.workspace_id:
        log.error("credited_purchase_unknown", purchase_id=credited.purchase_id, workspace_id=credited.workspace_id)
        return
    repository.purchases.note_credited(purchase.purchase_id, credited.credited_at)
    versions = {line.user_id: line.balance_version for line in credited.lines}
    repository.auto_top_ups.note_credits(purchase.workspace_id, versions)
    if purchase.state is PurchaseState.PAID:
        yield from finish(purchase, received.cause, work)


def finish(purchase: Purchase, cause: Cause, work: Work[BillingRepository]) -> Iterator[Outgoing]:
    """A paid purchase whose lines are all credited."""
    repository = work.repository
    repository.purchases.move(purchase, PurchaseState.CREDITED, work.now)
    ring(purchase.purchase_id, work)
    if repository.webhooks.heard_of_dispute(purchase.purchase_id):
        work.timers.set(DISPUTES, purchase.purchase_id, work.now)
    if repository.webhooks.heard_of_refund(purchase.purchase_id):
        work.timers.set(MIRROR, purchase.purchase_id, work.now)
    log.info("purchase_credited", purchase_id=purchase.purchase_id, workspace_id=purchase.workspace_id)
    if purchase.request_id is None:
        return
    request = repository.requests.lock(purchase.request_id)
    assert request is not None
    repository.requests.move(request, RequestState.FULFILLED, purchase.purchase_id)
    yield fact(
        RequestFulfilled(
            workspace_id=request.workspace_id,
            request_id=request.request_id,
            asker_id=request.asker_id,
            purchase_id=purchase.purchase_id,
            buyer_id=purchase.buyer_id,
        ),
        cause,
        request.request_id,
    )
