"""What operators may do about payments that wait for a person: list them, have one looked up, end one (B10).

Nothing is ever charged by this. Ending wants certainty: the key is too old to be sent, by us or by what is still on its
way, and the errand finds nothing of the purchase at the processor.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from services.billing.domain.payment import KEY_LIFETIME, Payment, PaymentState
from services.billing.domain.verdict import Refusal, Wait, refuse
from services.billing.handlers.content import content_hash
from services.billing.handlers.telling import refused, wait_or_refuse
from services.billing.handlers.timers import REVIEW
from services.billing.repository import BillingRepository
from services.billing.repository.parked import Review
from shared.contracts.catalog import BILLING_RECONCILIATION, TOP_UP
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.reconciliation import (
    LISTED_AT_MOST,
    ListParkedPayments,
    ParkedPayment,
    ParkedPaymentReviewed,
    ParkedPaymentsListed,
    ReviewParkedPayment,
)
from shared.contracts.top_up_events import CommandRefused
from shared.messaging.work import Cause, Effect, Outgoing, Received, Work


def list_parked(messages: Sequence[Received[Any]], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Those of the oldest command first, and how many there are."""
    for received in messages:
        yield _listed(received, work)


def review_parked(received: Received[ReviewParkedPayment], work: Work[BillingRepository]) -> Iterator[Effect]:
    """Have it looked up by an errand, or say why not. Asked again under the same id, it is answered again."""
    command = received.message
    known = work.repository.parked.review(command.review_id)
    if known is not None:
        if known.content_hash != content_hash(command):
            yield refused(received, refuse(Reason.REVIEW_ID_REUSED))
        elif known.shown is not None:
            yield answered(known, known.shown, known.refused_for, received.cause, work)
        return
    payment = work.repository.payments.lock(command.purchase_id)
    objection = _objection(received, payment)
    if objection is not None:
        yield wait_or_refuse(received, objection)
    elif work.repository.parked.insert(command, content_hash(command), received.appended_at, received.cause):
        work.timers.set(REVIEW, command.review_id, work.now)
    else:  # taken by another workspace at this very moment
        yield refused(received, refuse(Reason.REVIEW_ID_REUSED))


def answered(
    review: Review, shown: str, refused_for: str | None, cause: Cause, work: Work[BillingRepository]
) -> Outgoing:
    """What the processor showed and where the purchase stands; or why it was not ended."""
    if refused_for is not None:
        reason = Reason(refused_for)
        no = CommandRefused(
            workspace_id=review.workspace_id,
            command=ReviewParkedPayment.type,
            actor_id=review.operator_id,
            reason=reason,
            detail=REMEDIES[reason],
            purchase_id=review.purchase_id,
        )
        return Outgoing(TOP_UP, no, cause)
    purchase = work.repository.purchases.lock(review.purchase_id)
    payment = work.repository.payments.lock(review.purchase_id)
    assert purchase is not None
    assert payment is not None
    reviewed = ParkedPaymentReviewed.model_validate(
        {
            "workspace_id": review.workspace_id,
            "operator_id": review.operator_id,
            "purchase_id": review.purchase_id,
            "review_id": review.review_id,
            "deed": review.deed,
            "shown": shown,
            "state": purchase.state.value,
            "payment_intent_id": payment.intent_id,
        }
    )
    return Outgoing(BILLING_RECONCILIATION, reviewed, cause)


def _objection(received: Received[ReviewParkedPayment], payment: Payment | None) -> Refusal | Wait | None:
    command = received.message
    if payment is None or payment.workspace_id != command.workspace_id:
        return Wait(f"purchase {command.purchase_id}", refuse(Reason.UNKNOWN_PURCHASE))
    if payment.state is not PaymentState.PARKED:
        return refuse(Reason.PAYMENT_NOT_PARKED)
    if command.deed == "end" and payment.key_is_fresh(received.appended_at):
        reason = Reason.PAYMENT_MAY_STILL_COME
        return Refusal(reason, REMEDIES[reason], payment.attempt.commanded_at + KEY_LIFETIME)
    return None


def _listed(received: Received[ListParkedPayments], work: Work[BillingRepository]) -> Outgoing:
    command = received.message
    rows, total = work.repository.parked.first(LISTED_AT_MOST)
    listed = ParkedPaymentsListed(
        list_id=command.list_id,
        operator_id=command.operator_id,
        payments=tuple(_parked(row) for row in rows),
        total=total,
    )
    return Outgoing(BILLING_RECONCILIATION, listed, received.cause)


def _parked(row: dict[str, Any]) -> ParkedPayment:
    has_intent = row["payment_intent_id"] is not None
    return ParkedPayment(**row, ends_from=None if has_intent else row["commanded_at"] + KEY_LIFETIME)
