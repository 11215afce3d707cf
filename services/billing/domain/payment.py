"""The payment of a purchase: one PaymentIntent, one or more attempts, and where each is resumed (B6, B9, B10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from services.billing.domain.purchase import PurchaseState
from shared.contracts.reasons import Reason

# The processor may forget a key after 24 h, and used again it makes a new charge ("Idempotent requests"): an hour less.
KEY_LIFETIME = timedelta(hours=23)


class PaymentState(StrEnum):
    """A recovery point: whoever finds a payment here after a crash knows what to do next, and that it is safe.

    `created`: an attempt is due, nothing was sent for it. `charging`: it may have been sent; the same key may be sent
    again. `unknown`: the answer was lost; read before anything else. `requires_action`, `processing`: the processor
    waits for the buyer or the bank. `declined`: this attempt failed, another may follow. `cancelling`: stood unpaid too
    long. `parked`: a person must look.
    """

    CREATED = "created"
    CHARGING = "charging"
    UNKNOWN = "unknown"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    DECLINED = "declined"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    CANCELLED = "cancelled"
    PARKED = "parked"


_ANSWERED = frozenset(
    {
        PaymentState.REQUIRES_ACTION,
        PaymentState.PROCESSING,
        PaymentState.DECLINED,
        PaymentState.SUCCEEDED,
        PaymentState.CANCELLED,
        PaymentState.PARKED,
    }
)

PAYMENT_TRANSITIONS: dict[PaymentState, frozenset[PaymentState]] = {
    # Declined or parked without a call: the method that the buyer named cannot be used, or cannot be checked.
    PaymentState.CREATED: frozenset(
        {
            PaymentState.CHARGING,
            PaymentState.UNKNOWN,
            PaymentState.DECLINED,
            PaymentState.SUCCEEDED,
            PaymentState.PARKED,
        }
    ),
    PaymentState.CHARGING: _ANSWERED | {PaymentState.UNKNOWN},
    PaymentState.UNKNOWN: _ANSWERED | {PaymentState.CHARGING, PaymentState.CANCELLING},
    PaymentState.REQUIRES_ACTION: frozenset(
        {
            PaymentState.PROCESSING,
            PaymentState.DECLINED,
            PaymentState.CANCELLING,
            PaymentState.SUCCEEDED,
            PaymentState.CANCELLED,
            PaymentState.PARKED,
        }
    ),
    PaymentState.PROCESSING: frozenset(
        {PaymentState.DECLINED, PaymentState.SUCCEEDED, PaymentState.CANCELLED, PaymentState.PARKED}
    ),
    PaymentState.DECLINED: frozenset(
        {
            PaymentState.CREATED,
            PaymentState.CANCELLING,
            PaymentState.SUCCEEDED,
            PaymentState.CANCELLED,
            PaymentState.PARKED,
        }
    ),
    # The buyer may finish authenticating while we cancel: then the processor refuses to cancel, and reading tells.
    PaymentState.CANCELLING: frozenset(
        {PaymentState.PROCESSING, PaymentState.SUCCEEDED, PaymentState.CANCELLED, PaymentState.PARKED}
    ),
    PaymentState.PARKED: frozenset({PaymentState.SUCCEEDED, PaymentState.CANCELLED}),
    PaymentState.SUCCEEDED: frozenset(),
    PaymentState.CANCELLED: frozenset(),
}

# What a payment's state means for its purchase; None: the purchase stands where it stood.
PURCHASE_STATE: dict[PaymentState, PurchaseState | None] = {
    PaymentState.CREATED: PurchaseState.ACCEPTED,
    PaymentState.CHARGING: None,
    PaymentState.UNKNOWN: None,
    PaymentState.REQUIRES_ACTION: PurchaseState.ACTION_REQUIRED,
    PaymentState.PROCESSING: PurchaseState.PROCESSING,
    PaymentState.DECLINED: PurchaseState.DECLINED,
    PaymentState.CANCELLING: None,
    PaymentState.SUCCEEDED: PurchaseState.PAID,
    PaymentState.CANCELLED: PurchaseState.CANCELLED,
    PaymentState.PARKED: PurchaseState.PARKED,
}

IN_FLIGHT = frozenset({PaymentState.CREATED, PaymentState.CHARGING, PaymentState.UNKNOWN})
WATCHED = frozenset({PaymentState.REQUIRES_ACTION, PaymentState.PROCESSING})


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to charge. `commanded_at` is when its command was appended to the log: the key cannot be older.

    `previous_charge_id` is the failed charge of the attempt before, by which an old failure is told from a new one.
    `method_checked`: a method that the buyer named was found to be the workspace's own. `off_session`: nobody is there
    to authenticate (B14).
    """

    number: int
    payment_method_id: str
    idempotency_key: str
    commanded_at: datetime
    first_tried_at: datetime | None = None
    reason: Reason | None = None
    decline_code: str | None = None
    previous_charge_id: str | None = None
    method_checked: bool = False
    off_session: bool = False


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment as it stands, with its current attempt. `tries` counts calls since the state last changed."""

    purchase_id: str
    workspace_id: str
    customer_id: str
    amount_minor: int
    currency: str
    description: str
    state: PaymentState
    attempt: Attempt
    intent_id: str | None = None
    return_url: str | None = None
    authenticate_url: str | None = None
    tries: int = 0

    def key_is_fresh(self, now: datetime) -> bool:
        """Whether the processor surely still knows the attempt's key, had it been used at the first chance (B10)."""
        return now - self.attempt.commanded_at < KEY_LIFETIME
