"""May a declined purchase be tried again, and is this try a new one (B9)?"""

from __future__ import annotations

from services.billing.domain.payment import Payment, PaymentState
from services.billing.domain.verdict import Refusal, refuse
from shared.contracts.reasons import Reason

# Why a payment in this state cannot be tried again; None where it can.
STATE_OBJECTIONS: dict[PaymentState, Reason | None] = {
    PaymentState.CREATED: Reason.IN_PROGRESS,
    PaymentState.CHARGING: Reason.IN_PROGRESS,
    PaymentState.UNKNOWN: Reason.IN_PROGRESS,
    PaymentState.REQUIRES_ACTION: Reason.IN_PROGRESS,
    PaymentState.PROCESSING: Reason.IN_PROGRESS,
    PaymentState.CANCELLING: Reason.IN_PROGRESS,
    PaymentState.DECLINED: None,
    PaymentState.SUCCEEDED: Reason.PURCHASE_NOT_RETRYABLE,
    PaymentState.CANCELLED: Reason.PURCHASE_NOT_RETRYABLE,
    PaymentState.PARKED: Reason.NEEDS_A_PERSON,
}


def objection(payment: Payment, attempt: int) -> Refusal | None:
    """Why `attempt` cannot begin; None when it can. The number makes a repeated command harmless."""
    following = payment.attempt.number + 1
    if attempt != following:
        return refuse(Reason.STALE_ATTEMPT, f"The next attempt is {following}.")
    reason = STATE_OBJECTIONS[payment.state]
    return None if reason is None else refuse(reason)
