"""A refund: lines of a credited purchase whose money goes back, and the states it may pass (B11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.billing.domain.payment import KEY_LIFETIME
from services.billing.domain.purchase import Line


class RefundBy(StrEnum):
    """Who had it refunded. A member's lines must be untouched, an operator's need not be."""

    MEMBER = "member"
    OPERATOR = "operator"


class RefundState(StrEnum):
    """A recovery point, as of a payment.

    `accepted`: the ledger is to freeze the credits. `frozen`: it has, nothing was sent. `refunding`: it may have been
    sent; the same key may be sent again. `unknown`: the answer was lost; look before anything else. `pending`: the
    processor waits for the bank. `succeeded`: money went back, and may still return to us when the bank refuses it.
    `parked`: a person must look.
    """

    ACCEPTED = "accepted"
    FROZEN = "frozen"
    REFUNDING = "refunding"
    UNKNOWN = "unknown"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    PARKED = "parked"


_ANSWERED = frozenset({RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED, RefundState.PARKED})

REFUND_TRANSITIONS: dict[RefundState, frozenset[RefundState]] = {
    RefundState.ACCEPTED: frozenset({RefundState.FROZEN, RefundState.FAILED}),
    RefundState.FROZEN: frozenset({RefundState.REFUNDING, RefundState.UNKNOWN}),
    RefundState.REFUNDING: _ANSWERED | {RefundState.UNKNOWN},
    RefundState.UNKNOWN: _ANSWERED | {RefundState.REFUNDING},
    RefundState.PENDING: frozenset({RefundState.SUCCEEDED, RefundState.FAILED}),
    # The bank may refuse what had been taken for done ("Failed refunds").
    RefundState.SUCCEEDED: frozenset({RefundState.FAILED}),
    RefundState.FAILED: frozenset(),
    RefundState.PARKED: frozenset({RefundState.PENDING, RefundState.SUCCEEDED, RefundState.FAILED}),
}


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it stands. `step` counts the verdicts about its credits; `tries` the calls since it last moved.

    `accepted_at` is when its command was appended to the log: the key cannot be older.
    """

    refund_id: str
    purchase_id: str
    workspace_id: str
    by: RefundBy
    actor_id: str
    note: str | None
    amount_minor: int
    currency: str
    payment_intent_id: str
    idempotency_key: str
    content_hash: bytes
    lines: tuple[Line, ...]
    accepted_at: datetime
    state: RefundState = RefundState.ACCEPTED
    processor_refund_id: str | None = None
    reason: str | None = None
    first_tried_at: datetime | None = None
    step: int = 0
    tries: int = 0

    def key_is_fresh(self, now: datetime) -> bool:
        """Whether the key may still be sent: used later, it could refund once more (B10)."""
        return now - self.accepted_at < KEY_LIFETIME
