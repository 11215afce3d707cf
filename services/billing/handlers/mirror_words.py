"""What is told of a refund made at the processor: of the money, and to the ledger about the credits (B11)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.mirrored import MirroredRefund
from services.billing.handlers.telling import fact
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.recalls import RecallClosed, RecalledLot, RecallOpened, RecallVerdict
from shared.contracts.refunds import PurchaseRefunded, RefundFailed
from shared.messaging.work import Cause, Outgoing


def refunded(mirrored: MirroredRefund, buyer_id: str, refunded_minor: int, cause: Cause) -> Outgoing:
    """Money went back, by whoever works in the dashboard."""
    return fact(
        PurchaseRefunded(
            workspace_id=mirrored.workspace_id,
            purchase_id=mirrored.purchase_id,
            buyer_id=buyer_id,
            refund_id=mirrored.refund_id,
            user_ids=tuple(line.user_id for line in mirrored.lines),
            amount_minor=mirrored.amount_minor,
            refunded_minor=refunded_minor,
            currency=mirrored.currency,
            by="processor",
            processor_refund_id=mirrored.processor_refund_id,
        ),
        cause,
        mirrored.refund_id,
    )


def taken_back(mirrored: MirroredRefund, cause: Cause) -> Iterator[Outgoing]:
    """The money is gone already: frozen and taken back at once."""
    yield fact(
        RecallOpened(
            workspace_id=mirrored.workspace_id,
            purchase_id=mirrored.purchase_id,
            recall_id=mirrored.refund_id,
            cause="processor_refund",
            lots=_lots(mirrored),
            untouched_only=False,
        ),
        cause,
        mirrored.refund_id,
    )
    yield _closed(mirrored, "take_back", cause)


def failed(mirrored: MirroredRefund, cause: Cause, *, gave_back: bool) -> Iterator[Outgoing]:
    """The money is ours again, and what was taken for it is given back."""
    reason = Reason.REFUND_REJECTED
    yield fact(
        RefundFailed(
            workspace_id=mirrored.workspace_id,
            purchase_id=mirrored.purchase_id,
            refund_id=mirrored.refund_id,
            reason=reason,
            detail=REMEDIES[reason],
        ),
        cause,
        mirrored.refund_id,
    )
    if gave_back:
        yield _closed(mirrored, "give_back", cause)


def _closed(mirrored: MirroredRefund, verdict: RecallVerdict, cause: Cause) -> Outgoing:
    return fact(
        RecallClosed(
            workspace_id=mirrored.workspace_id,
            purchase_id=mirrored.purchase_id,
            recall_id=mirrored.refund_id,
            step=mirrored.step,
            verdict=verdict,
            lots=_lots(mirrored),
        ),
        cause,
        mirrored.refund_id,
        mirrored.step,
    )


def _lots(mirrored: MirroredRefund) -> tuple[RecalledLot, ...]:
    return tuple(RecalledLot(user_id=line.user_id, lot_id=line.lot_id) for line in mirrored.lines)
