"""What would a refund give back? Billing asks the ledger what is unspent, and says it with the money (B11)."""

from __future__ import annotations

from collections.abc import Iterator

import structlog

from services.billing.domain.rules import REFUND_RULES
from services.billing.domain.verdict import first_objection, refuse
from services.billing.handlers.content import content_hash
from services.billing.handlers.facts import facts_about
from services.billing.handlers.refundable import Refundable, refundable
from services.billing.handlers.telling import answer, refused, wait_or_refuse
from services.billing.repository import BillingRepository
from shared.contracts.operator_commands import ProposeOperatorRefund
from shared.contracts.reasons import Reason
from shared.contracts.recalls import LotsAppraisalAsked, LotsAppraised, RecalledLot
from shared.contracts.refunds import ProposeRefund, RefundLine, RefundProposed
from shared.messaging.work import Effect, Park, Received, Work

log = structlog.get_logger()


def propose_refund(
    received: Received[ProposeRefund | ProposeOperatorRefund], work: Work[BillingRepository]
) -> Iterator[Effect]:
    """Ask the ledger; or refuse, as the refund itself would be refused. An operator is known by the topic."""
    command = received.message
    if isinstance(command, ProposeRefund):
        asked_by = command.actor_id
        facts = facts_about(received, work, workspace_id=command.workspace_id, actor_id=asked_by)
        objection = first_objection(REFUND_RULES, facts)
        if objection is not None:
            yield wait_or_refuse(received, objection)
            return
    else:
        asked_by = command.operator_id
    found = refundable(command.workspace_id, command.purchase_id, command.user_ids, work)
    if not isinstance(found, Refundable):
        yield wait_or_refuse(received, found)
        return
    of = (command.workspace_id, command.purchase_id)
    if not work.repository.refunds.keep_proposal(
        command.proposal_id, of, asked_by, content_hash(command), received.appended_at
    ):
        yield refused(received, refuse(Reason.REFUND_ID_REUSED))
        return
    yield answer(
        LotsAppraisalAsked(
            workspace_id=command.workspace_id,
            purchase_id=command.purchase_id,
            appraisal_id=command.proposal_id,
            lots=tuple(RecalledLot(user_id=line.user_id, lot_id=line.lot_id) for line in found.lines),
        ),
        received.cause,
    )


def lots_appraised(received: Received[LotsAppraised], work: Work[BillingRepository]) -> Iterator[Effect]:
    """The ledger has looked: the proposal, in money and credits."""
    appraised = received.message
    asked_by = work.repository.refunds.asked_by(appraised.appraisal_id, appraised.workspace_id)
    purchase = work.repository.purchases.lock(appraised.purchase_id)
    if asked_by is None or purchase is None:
        if received.may_wait:
            yield Park(received, f"proposal {appraised.appraisal_id}")
        else:  # of another life of the database: whoever asked asks again
            log.warning("appraisal_of_unknown_proposal", proposal_id=appraised.appraisal_id)
        return
    price = purchase.price.unit_price_minor
    yield answer(
        RefundProposed(
            workspace_id=appraised.workspace_id,
            purchase_id=appraised.purchase_id,
            proposal_id=appraised.appraisal_id,
            asked_by=asked_by,
            lines=tuple(
                RefundLine(
                    user_id=lot.user_id,
                    amount_minor=price,
                    credits=lot.credits,
                    unspent=lot.unspent,
                    becomes_debt=lot.held + lot.spent,
                )
                for lot in appraised.lots
            ),
            amount_minor=price * len(appraised.lots),
            currency=purchase.price.currency,
            owner_may=all(lot.unspent == lot.credits for lot in appraised.lots),
        ),
        received.cause,
    )
