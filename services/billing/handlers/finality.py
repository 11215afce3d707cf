"""A refusal is final for its id: remembered, and given again to the same words (B7)."""

from __future__ import annotations

from services.billing.domain.verdict import Refusal, Wait, refuse
from services.billing.handlers.content import content_hash
from services.billing.handlers.telling import refused, wait_or_refuse
from services.billing.repository import BillingRepository
from services.billing.repository.refusals import Refused
from shared.contracts.operator_commands import OperatorRefund
from shared.contracts.reasons import Reason
from shared.contracts.refunds import RefundPurchase
from shared.contracts.top_up_commands import PurchaseTopUp, RequestTopUp
from shared.messaging.work import Effect, Outgoing, Park, Received, Work

Named = PurchaseTopUp | RequestTopUp | RefundPurchase | OperatorRefund


def refused_before(received: Received[Named], work: Work[BillingRepository]) -> Outgoing | None:
    """The answer of then, to the same content; other content under a refused id is refused for that."""
    command = received.message
    what, name, reused = _id_of(command)
    remembered = work.repository.refusals.of(what, command.workspace_id, name)
    if remembered is None:
        return None
    same = remembered.content_hash == content_hash(command)
    return refused(received, remembered.refusal if same else refuse(reused))


def wait_or_refuse_for_ever(
    received: Received[Named], objection: Refusal | Wait, work: Work[BillingRepository]
) -> Effect:
    """As `wait_or_refuse`; what is refused stays refused."""
    effect = wait_or_refuse(received, objection)
    if not isinstance(effect, Park):
        refusal = objection if isinstance(objection, Refusal) else objection.otherwise
        command = received.message
        what, name, _ = _id_of(command)
        work.repository.refusals.remember(
            what, command.workspace_id, name, content_hash(command), refusal, received.appended_at
        )
    return effect


def _id_of(command: Named) -> tuple[Refused, str, Reason]:
    if isinstance(command, PurchaseTopUp):
        return Refused.PURCHASE, command.purchase_id, Reason.PURCHASE_ID_REUSED
    if isinstance(command, RefundPurchase | OperatorRefund):
        return Refused.REFUND, command.refund_id, Reason.REFUND_ID_REUSED
    return Refused.REQUEST, command.request_id, Reason.REQUEST_ID_REUSED
