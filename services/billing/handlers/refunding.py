"""May these lines be refunded? Decided once for ever; the ledger freezes their credits before any money moves (B11)."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from services.billing.domain.refund import Refund, RefundBy, RefundState
from services.billing.domain.rules import REFUND_RULES
from services.billing.domain.verdict import first_objection, refuse
from services.billing.handlers.content import content_hash
from services.billing.handlers.facts import facts_about
from services.billing.handlers.finality import refused_before, wait_or_refuse_for_ever
from services.billing.handlers.refund_ends import failed
from services.billing.handlers.refundable import Refundable, refundable
from services.billing.handlers.telling import fact, refused
from services.billing.handlers.timers import REFUND
from services.billing.repository import BillingRepository
from shared.contracts.operator_commands import OperatorRefund
from shared.contracts.reasons import Reason
from shared.contracts.recalls import FreezeRefused, PurchaseFrozen, RecalledLot, RecallOpened
from shared.contracts.refunds import RefundAccepted, RefundPurchase
from shared.messaging.ids import derive
from shared.messaging.work import Effect, Park, Received, Work

log = structlog.get_logger()

Command = RefundPurchase | OperatorRefund


def refund_key(refund_id: str) -> str:
    """The idempotency key: derived, so that a replay or a restored database sends the same (B10)."""
    return str(derive("refund", refund_id))


def refund_purchase(received: Received[Command], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Accept, or refuse for ever; a repetition is answered as it was. An operator is known by the topic."""
    command = received.message
    known = work.repository.refunds.lock(command.refund_id)
    if known is not None:
        same = known.workspace_id == command.workspace_id and known.content_hash == content_hash(command)
        yield _accepted(known, received) if same else refused(received, refuse(Reason.REFUND_ID_REUSED))
        return
    before = refused_before(received, work)
    if before is not None:
        yield before
        return
    if isinstance(command, RefundPurchase):
        facts = facts_about(received, work, workspace_id=command.workspace_id, actor_id=command.actor_id)
        objection = first_objection(REFUND_RULES, facts)
        if objection is not None:
            yield wait_or_refuse_for_ever(received, objection, work)
            return
    found = refundable(command.workspace_id, command.purchase_id, command.user_ids, work)
    if not isinstance(found, Refundable):
        yield wait_or_refuse_for_ever(received, found, work)
        return
    if found.amount_minor != command.amount_minor:
        yield wait_or_refuse_for_ever(received, refuse(Reason.REFUND_CHANGED), work)
        return
    yield from _accept(received, found, work)


def _accept(received: Received[Command], found: Refundable, work: Work[BillingRepository]) -> Iterator[Effect]:
    command = received.message
    by_member = isinstance(command, RefundPurchase)
    payment = work.repository.payments.lock(command.purchase_id)
    assert payment is not None
    assert payment.intent_id is not None, "what is credited was paid by an intent"
    refund = Refund(
        refund_id=command.refund_id,
        purchase_id=command.purchase_id,
        workspace_id=command.workspace_id,
        by=RefundBy.MEMBER if by_member else RefundBy.OPERATOR,
        actor_id=command.actor_id if isinstance(command, RefundPurchase) else command.operator_id,
        note=command.reason,
        amount_minor=found.amount_minor,
        currency=found.purchase.price.currency,
        payment_intent_id=payment.intent_id,
        idempotency_key=refund_key(command.refund_id),
        content_hash=content_hash(command),
        lines=found.lines,
        accepted_at=received.appended_at,
    )
    if not work.repository.refunds.insert(refund, received.cause):  # taken by another workspace at this very moment
        yield refused(received, refuse(Reason.REFUND_ID_REUSED))
        return
    yield _accepted(refund, received)
    yield fact(
        RecallOpened(
            workspace_id=refund.workspace_id,
            purchase_id=refund.purchase_id,
            recall_id=refund.refund_id,
            cause="refund",
            lots=tuple(RecalledLot(user_id=line.user_id, lot_id=line.lot_id) for line in refund.lines),
            untouched_only=by_member,
        ),
        received.cause,
        refund.refund_id,
    )


def _accepted(refund: Refund, received: Received[Command]) -> Effect:
    return fact(
        RefundAccepted(
            workspace_id=refund.workspace_id,
            purchase_id=refund.purchase_id,
            refund_id=refund.refund_id,
            user_ids=tuple(line.user_id for line in refund.lines),
            amount_minor=refund.amount_minor,
            currency=refund.currency,
            by=refund.by.value,
            actor_id=refund.actor_id,
            reason=refund.note,
        ),
        received.cause,
        refund.refund_id,
    )


def purchase_frozen(received: Received[PurchaseFrozen], work: Work[BillingRepository]) -> Iterator[Effect]:
    """The credits cannot be used any more: now the processor refunds."""
    refund = work.repository.refunds.lock(received.message.recall_id)
    if refund is None and not work.repository.disputes.has_recall(received.message.recall_id):
        yield from _unknown(received)
    elif refund is not None and refund.state is RefundState.ACCEPTED:
        work.repository.refunds.move(refund, RefundState.FROZEN)
        work.timers.set(REFUND, refund.refund_id, work.now)


def freeze_refused(received: Received[FreezeRefused], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Nothing was frozen and nothing is refunded."""
    said = received.message
    refund = work.repository.refunds.lock(said.recall_id)
    if refund is None and work.repository.disputes.has_recall(said.recall_id):
        log.error("dispute_freezes_nothing", purchase_id=said.purchase_id, recall_id=said.recall_id, reason=said.reason)
    elif refund is None:
        yield from _unknown(received)
    elif refund.state is RefundState.ACCEPTED:
        work.repository.refunds.move(refund, RefundState.FAILED, reason=said.reason)
        yield failed(refund, said.reason, received.cause, said.detail)


def _unknown(received: Received[PurchaseFrozen] | Received[FreezeRefused]) -> Iterator[Effect]:
    recall_id = received.message.recall_id
    if received.may_wait:
        yield Park(received, f"refund {recall_id}")
    else:
        log.error("recall_of_unknown_refund", recall_id=recall_id, purchase_id=received.message.purchase_id)
