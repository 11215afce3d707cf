"""Where a purchase stands, told to whoever asks again (B7)."""

from __future__ import annotations

from services.billing.domain.payment import PaymentState
from services.billing.domain.purchase import Purchase
from services.billing.handlers.quoting import as_quote
from services.billing.handlers.telling import answer
from services.billing.repository import BillingRepository
from shared.contracts.top_up_events import PurchaseStatus
from shared.messaging.work import Cause, Outgoing, Work


def status_of(purchase: Purchase, cause: Cause, work: Work[BillingRepository]) -> Outgoing:
    """The same answer for the same question, with what became of it since."""
    payment = work.repository.payments.lock(purchase.purchase_id)
    assert payment is not None
    waits_for_buyer = payment.state is PaymentState.REQUIRES_ACTION
    return answer(
        PurchaseStatus(
            workspace_id=purchase.workspace_id,
            purchase_id=purchase.purchase_id,
            buyer_id=purchase.buyer_id,
            request_id=purchase.request_id,
            state=purchase.state.value,
            quote=as_quote(purchase.price),
            attempt=payment.attempt.number,
            payment_intent_id=payment.intent_id,
            reason=purchase.reason,
            url=payment.authenticate_url if waits_for_buyer else None,
        ),
        cause,
    )
