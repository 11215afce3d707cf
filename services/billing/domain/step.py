"""The next call for a payment, read off its recovery point: resuming after a crash is this same function (B10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.billing.domain.payment import Payment, PaymentState

# Ours and the processor's clock may differ; listing from an hour earlier costs nothing.
CLOCK_SLACK = timedelta(hours=1)


class Call(StrEnum):
    """One call to the processor; `refuse` is none: the method was declined too often before (B13)."""

    REFUSE = "refuse"
    CHECK = "check"
    CREATE = "create"
    CONFIRM = "confirm"
    RETRIEVE = "retrieve"
    FIND = "find"


@dataclass(frozen=True, slots=True)
class Step:
    """A call, and the recovery point that must stand in the database before it is made."""

    call: Call
    before: PaymentState


def charge_step(payment: Payment, now: datetime) -> Step | None:
    """What the completer does next about the attempt; None when the attempt has its answer."""
    match payment.state:
        case PaymentState.CREATED | PaymentState.CHARGING if payment.key_is_fresh(now):
            # A method that the buyer named is checked to be the workspace's own (B9) before its charge may be sent; not
            # after: a method removed meanwhile must not hide that it was charged.
            named_by_buyer = payment.attempt.number > 1
            if payment.state is PaymentState.CREATED and named_by_buyer and not payment.attempt.method_checked:
                return Step(Call.CHECK, PaymentState.CREATED)
            call = Call.CREATE if payment.intent_id is None else Call.CONFIRM
            return Step(call, PaymentState.CHARGING)
        case PaymentState.CREATED | PaymentState.CHARGING | PaymentState.UNKNOWN:
            call = Call.FIND if payment.intent_id is None else Call.RETRIEVE
            return Step(call, PaymentState.UNKNOWN)
        case _:
            return None


def listing_since(payment: Payment) -> datetime:
    """From when the customer's intents are listed: none of this purchase can be older than its command."""
    return payment.attempt.commanded_at - CLOCK_SLACK
