"""From an answer to what changes: the one function through which API answers, webhooks and polls all go (case 5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.billing.domain.intent import differences
from services.billing.domain.outcome import (
    DECISIONS,
    DECISIONS_WITH_OLD_KEY,
    NEVER_SENT,
    OF_THE_WHOLE_PAYMENT,
    Answer,
    Outcome,
    Row,
    Tell,
    Then,
)
from services.billing.domain.payment import PAYMENT_TRANSITIONS, Payment, PaymentState
from shared.contracts.reasons import Reason

# Which reason the buyer is told (B9).
DECLINE_REASONS: dict[Outcome, Reason] = {
    Outcome.AUTHENTICATION_REQUIRED: Reason.AUTHENTICATION_FAILED,
    Outcome.AUTHENTICATION_FAILED: Reason.AUTHENTICATION_FAILED,
    Outcome.DECLINED: Reason.CARD_DECLINED,
    Outcome.METHOD_UNUSABLE: Reason.PAYMENT_METHOD_UNUSABLE,
    Outcome.METHOD_EXHAUSTED: Reason.PAYMENT_METHOD_EXHAUSTED,
}
# "Decline codes": these must be shown to the customer as a generic decline.
CONFIDENTIAL_DECLINES = frozenset({"fraudulent", "lost_card", "merchant_blacklist", "stolen_card"})


@dataclass(frozen=True, slots=True)
class Change:
    """What to do about an answer. `to` None: the payment stays. `then` is acted on only while the answer is about the
    attempt we are at."""

    outcome: Outcome
    to: PaymentState | None
    tell: Tell | None
    then: Then
    reason: Reason | None = None
    decline_code: str | None = None
    note: str = ""


def decide(payment: Payment, asked_attempt: int, answer: Answer, now: datetime) -> Change | None:
    """The change that `answer`, asked for `asked_attempt`, makes to the payment as it stands; None: old news."""
    wrong = differences(answer.intent, payment) if answer.intent else ()
    outcome = Outcome.MISMATCH if wrong else answer.outcome
    if asked_attempt != payment.attempt.number and outcome not in OF_THE_WHOLE_PAYMENT:
        return None
    row = row_for(payment, outcome, now)
    to = row.to if row.to is not payment.state else None
    if to is not None and to not in PAYMENT_TRANSITIONS[payment.state]:
        return None
    return Change(
        outcome=outcome,
        to=to,
        tell=row.tell if to is not None else None,
        then=row.then,
        reason=_reason(outcome, row),
        decline_code=_shown(answer.decline_code) if outcome is Outcome.DECLINED else None,
        note=f"differs in {', '.join(wrong)}" if wrong else answer.detail,
    )


def row_for(payment: Payment, outcome: Outcome, now: datetime) -> Row:
    """The row of the table, by the age of the attempt's key."""
    if payment.key_is_fresh(now):
        return DECISIONS[outcome]
    if outcome is Outcome.NOT_FOUND and payment.attempt.first_tried_at is None:
        return NEVER_SENT
    return DECISIONS_WITH_OLD_KEY[outcome]


def _reason(outcome: Outcome, row: Row) -> Reason | None:
    if row.to is PaymentState.PARKED:
        return Reason.NEEDS_A_PERSON
    if row.to is PaymentState.CANCELLED:
        return Reason.UNPAID_TOO_LONG if row is NEVER_SENT else Reason.PAYMENT_CANCELLED
    return DECLINE_REASONS.get(outcome)


def _shown(decline_code: str | None) -> str | None:
    return "generic_decline" if decline_code in CONFIDENTIAL_DECLINES else decline_code
