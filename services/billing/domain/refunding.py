"""The refund decision table: the next call, what each outcome of one means, and what is done about it (B10, B11).

Sources: the processor's pages "Refund and cancel payments", "Idempotent requests" and "The Refund object".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.billing.domain.outcome import Outcome
from services.billing.domain.refund import Refund, RefundState
from shared.contracts.reasons import Reason


class RefundCall(StrEnum):
    """One call to the processor."""

    CREATE = "create"
    RETRIEVE = "retrieve"
    FIND = "find"


@dataclass(frozen=True, slots=True)
class RefundStep:
    """A call, and the recovery point that must stand in the database before it is made."""

    call: RefundCall
    before: RefundState


def refund_step(refund: Refund, now: datetime) -> RefundStep | None:
    """What is done next; None while the ledger has not frozen the credits, and when nothing can change any more."""
    match refund.state:
        case RefundState.ACCEPTED | RefundState.FAILED:
            return None
        case RefundState.FROZEN | RefundState.REFUNDING if refund.key_is_fresh(now):
            return RefundStep(RefundCall.CREATE, RefundState.REFUNDING)
        case RefundState.FROZEN | RefundState.REFUNDING | RefundState.UNKNOWN:
            return RefundStep(RefundCall.FIND, RefundState.UNKNOWN)
        case _:
            call = RefundCall.FIND if refund.processor_refund_id is None else RefundCall.RETRIEVE
            return RefundStep(call, refund.state)


class RefundOutcome(StrEnum):
    """What a call came to. `not_found`: no refund of this id among the payment's, so none was made."""

    SUCCEEDED = "succeeded"
    PENDING = "pending"
    FAILED = "failed"
    NOT_FOUND = "not_found"
    DISPUTED = "disputed"
    REJECTED = "rejected"
    KEY_MISUSED = "key_misused"
    MISMATCH = "mismatch"
    UNAUTHORIZED = "unauthorized"
    BUSY = "busy"
    UNKNOWN = "unknown"


OF_STATUS: dict[str, RefundOutcome] = {
    "succeeded": RefundOutcome.SUCCEEDED,
    "pending": RefundOutcome.PENDING,
    "requires_action": RefundOutcome.PENDING,
    "failed": RefundOutcome.FAILED,
    "canceled": RefundOutcome.FAILED,
}
"""By the refund's `status`; one that is not here is unknown."""

OF_FAILURE: dict[Outcome, RefundOutcome] = {
    Outcome.UNAUTHORIZED: RefundOutcome.UNAUTHORIZED,
    Outcome.CONFLICT: RefundOutcome.BUSY,
    Outcome.TOO_MANY_REQUESTS: RefundOutcome.BUSY,
    Outcome.UNKNOWN: RefundOutcome.UNKNOWN,
    Outcome.KEY_MISUSED: RefundOutcome.KEY_MISUSED,
}
"""By what a failed call came to; every other is a plain no."""


@dataclass(frozen=True, slots=True)
class RefundRow:
    """One row of the table. `to` None leaves the refund where it stands; `reason` is why it failed."""

    to: RefundState | None
    reason: Reason | None = None


REFUND_DECISIONS: dict[RefundOutcome, RefundRow] = {
    RefundOutcome.SUCCEEDED: RefundRow(RefundState.SUCCEEDED),
    RefundOutcome.PENDING: RefundRow(RefundState.PENDING),
    RefundOutcome.FAILED: RefundRow(RefundState.FAILED, Reason.REFUND_REJECTED),
    # 400 charge_disputed: the bank has the money already
    RefundOutcome.DISPUTED: RefundRow(RefundState.FAILED, Reason.PURCHASE_DISPUTED),
    # other 4xx: nothing was refunded by this call, and an earlier one under this key would have been replayed
    RefundOutcome.REJECTED: RefundRow(RefundState.FAILED, Reason.REFUND_REJECTED),
    # our bug, or another refund than we asked for: a person
    RefundOutcome.KEY_MISUSED: RefundRow(RefundState.PARKED),
    RefundOutcome.MISMATCH: RefundRow(RefundState.PARKED),
    RefundOutcome.UNAUTHORIZED: RefundRow(None),
    RefundOutcome.BUSY: RefundRow(None),
    RefundOutcome.UNKNOWN: RefundRow(RefundState.UNKNOWN),
    RefundOutcome.NOT_FOUND: RefundRow(RefundState.REFUNDING),
}


def decided(refund: Refund, outcome: RefundOutcome, now: datetime) -> RefundRow:
    """The row that counts for a refund, in the state that it was asked about."""
    if outcome is RefundOutcome.NOT_FOUND and not refund.key_is_fresh(now):
        # Never sent by our books, and the processor has no trace of it either; sent, and without a trace: a person.
        unsent = refund.first_tried_at is None
        return RefundRow(RefundState.FAILED, Reason.REFUND_REJECTED) if unsent else RefundRow(RefundState.PARKED)
    row = REFUND_DECISIONS[outcome]
    if refund.state in (RefundState.PENDING, RefundState.SUCCEEDED, RefundState.PARKED) and row.to in (
        RefundState.UNKNOWN,
        RefundState.REFUNDING,
        RefundState.PARKED,
    ):
        return RefundRow(None)  # what went wrong with a mere reading is no news
    if row.to is RefundState.PENDING and refund.state is RefundState.SUCCEEDED:
        return RefundRow(None)
    return row


@dataclass(frozen=True, slots=True)
class RefundAnswer:
    """What one call came to. `request_id` is the processor's; `detail` names codes, never values."""

    outcome: RefundOutcome
    processor_refund_id: str | None = None
    detail: str = ""
    request_id: str | None = None
