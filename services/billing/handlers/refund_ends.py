"""What is told when a refund ends: of the money, and to the ledger about the credits (B11)."""

from __future__ import annotations

from services.billing.domain.refund import Refund
from services.billing.handlers.telling import fact
from services.billing.repository import BillingRepository
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.recalls import RecallClosed, RecalledLot, RecallVerdict
from shared.contracts.refunds import PurchaseRefunded, RefundFailed
from shared.messaging.work import Cause, Outgoing, Work


def refunded(refund: Refund, processor_refund_id: str, cause: Cause, work: Work[BillingRepository]) -> Outgoing:
    """Money went back. The refund's row says so already."""
    purchase = work.repository.purchases.lock(refund.purchase_id)
    assert purchase is not None
    return fact(
        PurchaseRefunded(
            workspace_id=refund.workspace_id,
            purchase_id=refund.purchase_id,
            buyer_id=purchase.buyer_id,
            refund_id=refund.refund_id,
            user_ids=tuple(line.user_id for line in refund.lines),
            amount_minor=refund.amount_minor,
            refunded_minor=work.repository.refunds.refunded_minor(refund.purchase_id),
            currency=refund.currency,
            by=refund.by.value,
            processor_refund_id=processor_refund_id,
        ),
        cause,
        refund.refund_id,
    )


def failed(refund: Refund, reason: Reason, cause: Cause, detail: str = "") -> Outgoing:
    """No money went back, or it came back."""
    return fact(
        RefundFailed(
            workspace_id=refund.workspace_id,
            purchase_id=refund.purchase_id,
            refund_id=refund.refund_id,
            reason=reason,
            detail=detail or REMEDIES[reason],
        ),
        cause,
        refund.refund_id,
    )


def closed(refund: Refund, verdict: RecallVerdict, cause: Cause) -> Outgoing:
    """The next word about its credits: the ledger takes them back, or gives them back."""
    step = refund.step + 1
    return fact(
        RecallClosed(
            workspace_id=refund.workspace_id,
            purchase_id=refund.purchase_id,
            recall_id=refund.refund_id,
            step=step,
            verdict=verdict,
            lots=tuple(RecalledLot(user_id=line.user_id, lot_id=line.lot_id) for line in refund.lines),
        ),
        cause,
        refund.refund_id,
        step,
    )
