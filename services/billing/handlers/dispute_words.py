"""What is told of a dispute: of the money, and to the ledger about the credits (B12)."""

from __future__ import annotations

from collections.abc import Iterator

from services.billing.domain.dispute import Dispute, DisputeNews, DisputeState
from services.billing.handlers.telling import fact
from shared.contracts.recalls import RecallClosed, RecalledLot, RecallOpened
from shared.contracts.refunds import DisputeClosed, DisputeFundsMoved, PurchaseDisputed
from shared.messaging.work import Cause, Outgoing


def told(dispute: Dispute, news: DisputeNews, buyer_id: str, cause: Cause) -> Iterator[Outgoing]:
    """In the order of the story, however late it was read. Without a line there is no recall: all is refunded."""
    if news.opened:
        yield from _opened(dispute, buyer_id, cause)
    if news.withdrawn:
        yield _moved(dispute, "withdrawn", cause)
    if news.verdict is not None:
        yield from _closed(dispute, news, buyer_id, cause)
    if news.reinstated:
        yield _moved(dispute, "reinstated", cause)


def _opened(dispute: Dispute, buyer_id: str, cause: Cause) -> Iterator[Outgoing]:
    yield fact(
        PurchaseDisputed(
            workspace_id=dispute.workspace_id,
            purchase_id=dispute.purchase_id,
            buyer_id=buyer_id,
            dispute_id=dispute.dispute_id,
            amount_minor=dispute.amount_minor,
            currency=dispute.currency,
            reason=dispute.reason,
        ),
        cause,
        dispute.dispute_id,
    )
    if dispute.lines:
        yield fact(
            RecallOpened(
                workspace_id=dispute.workspace_id,
                purchase_id=dispute.purchase_id,
                recall_id=dispute.recall_id,
                cause="dispute",
                lots=_lots(dispute),
                untouched_only=False,
            ),
            cause,
            dispute.recall_id,
        )


def _closed(dispute: Dispute, news: DisputeNews, buyer_id: str, cause: Cause) -> Iterator[Outgoing]:
    lost = news.verdict is DisputeState.LOST
    yield fact(
        DisputeClosed(
            workspace_id=dispute.workspace_id,
            purchase_id=dispute.purchase_id,
            buyer_id=buyer_id,
            dispute_id=dispute.dispute_id,
            outcome="lost" if lost else "won",
            amount_minor=dispute.amount_minor,
            currency=dispute.currency,
        ),
        cause,
        dispute.dispute_id,
        news.after.step,
    )
    if dispute.lines:
        yield fact(
            RecallClosed(
                workspace_id=dispute.workspace_id,
                purchase_id=dispute.purchase_id,
                recall_id=dispute.recall_id,
                step=news.after.step,
                verdict="take_back" if lost else "give_back",
                lots=_lots(dispute),
            ),
            cause,
            dispute.recall_id,
            news.after.step,
        )


def _moved(dispute: Dispute, moved: str, cause: Cause) -> Outgoing:
    return fact(
        DisputeFundsMoved(
            workspace_id=dispute.workspace_id,
            purchase_id=dispute.purchase_id,
            dispute_id=dispute.dispute_id,
            moved="withdrawn" if moved == "withdrawn" else "reinstated",
            amount_minor=dispute.amount_minor,
            currency=dispute.currency,
        ),
        cause,
        dispute.dispute_id,
        moved,
    )


def _lots(dispute: Dispute) -> tuple[RecalledLot, ...]:
    return tuple(RecalledLot(user_id=line.user_id, lot_id=line.lot_id) for line in dispute.lines)
