"""What an intent that was read says about the attempt we are at ("PaymentIntents lifecycle", status)."""

from __future__ import annotations

from services.billing.domain.intent import Intent
from services.billing.domain.outcome import Outcome
from services.billing.domain.payment import IN_FLIGHT, Payment

STATUSES: dict[str, Outcome] = {
    "succeeded": Outcome.SUCCEEDED,
    "requires_action": Outcome.ACTION_REQUIRED,
    "processing": Outcome.PROCESSING,
    "requires_capture": Outcome.REQUIRES_CAPTURE,
    "canceled": Outcome.CANCELLED,
    "requires_confirmation": Outcome.UNCONFIRMED,
}

AUTHENTICATION_CODES = frozenset({"payment_intent_authentication_failure", "authentication_required"})


def outcome_of(intent: Intent, payment: Payment) -> Outcome:
    """The row of the decision table that this intent falls under. A status we do not know is parked."""
    if intent.status == "requires_payment_method":
        return _failure(intent, payment)
    return STATUSES.get(intent.status, Outcome.REJECTED)


def _failure(intent: Intent, payment: Payment) -> Outcome:
    """`requires_payment_method` is also how an intent looks before its first try, and after the attempt before ours."""
    if intent.error_code is None:
        return Outcome.UNCONFIRMED
    first = payment.attempt.number == 1
    newer = intent.charge_id is not None and intent.charge_id != payment.attempt.previous_charge_id
    if payment.state in IN_FLIGHT and not first and not newer:
        return Outcome.UNCONFIRMED
    if intent.error_code in AUTHENTICATION_CODES:
        return Outcome.AUTHENTICATION_FAILED
    return Outcome.DECLINED
