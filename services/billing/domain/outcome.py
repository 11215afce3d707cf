"""The payment decision table: what each outcome of a call means and what is done about it (B9, B10).

Sources: the processor's pages "Error handling", "Advanced error handling", "Idempotent requests",
"PaymentIntents lifecycle" and "Decline codes".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.billing.domain.intent import Intent
from services.billing.domain.payment import PaymentState


class Outcome(StrEnum):
    """What a call to the processor came to."""

    SUCCEEDED = "succeeded"
    ACTION_REQUIRED = "action_required"
    PROCESSING = "processing"
    REQUIRES_CAPTURE = "requires_capture"
    AUTHENTICATION_REQUIRED = "authentication_required"
    AUTHENTICATION_FAILED = "authentication_failed"
    DECLINED = "declined"
    METHOD_UNUSABLE = "method_unusable"
    METHOD_EXHAUSTED = "method_exhausted"
    CANCELLED = "cancelled"
    UNCONFIRMED = "unconfirmed"
    NOT_FOUND = "not_found"
    KEY_MISUSED = "key_misused"
    REJECTED = "rejected"
    MISMATCH = "mismatch"
    UNAUTHORIZED = "unauthorized"
    MOVED_ON = "moved_on"
    CONFLICT = "conflict"
    TOO_MANY_REQUESTS = "too_many_requests"
    UNKNOWN = "unknown"


class Final(StrEnum):
    """How far an outcome can be relied on."""

    YES = "yes"
    ATTEMPT = "this attempt"
    NO = "no"
    NONE = "never ours to decide"
    UNKNOWN = "unknown"


class Tell(StrEnum):
    """Who must be told what."""

    PAID = "paid"
    DECLINED = "declined"
    ACTION_REQUIRED = "action_required"
    CANCELLED = "cancelled"


class Then(StrEnum):
    """What follows. `same_key`: the same call with the same key; `read`: look before anything else; `poll`: read again
    later, webhooks or not; `cancel`: cancel it there; `buyer`: the next attempt is the buyer's; `person`: an operator;
    `stop`: the worker ends."""

    NOTHING = "nothing"
    POLL = "poll"
    SAME_KEY = "same_key"
    READ = "read"
    CANCEL = "cancel"
    BUYER = "buyer"
    PERSON = "person"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the decision table. `to` None leaves the payment where it stands."""

    final: Final
    to: PaymentState | None
    tell: Tell | None
    then: Then


DECISIONS: dict[Outcome, Row] = {
    # 200 succeeded
    Outcome.SUCCEEDED: Row(Final.YES, PaymentState.SUCCEEDED, Tell.PAID, Then.NOTHING),
    # 200 requires_action: the buyer is on session; our link leads there
    Outcome.ACTION_REQUIRED: Row(Final.NO, PaymentState.REQUIRES_ACTION, Tell.ACTION_REQUIRED, Then.POLL),
    # 200 processing, requires_capture
    Outcome.PROCESSING: Row(Final.NO, PaymentState.PROCESSING, None, Then.POLL),
    Outcome.REQUIRES_CAPTURE: Row(Final.NO, PaymentState.PROCESSING, None, Then.POLL),
    # 402 authentication_required, or authentication tried and failed: a new attempt on the same intent
    Outcome.AUTHENTICATION_REQUIRED: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    Outcome.AUTHENTICATION_FAILED: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    # 402 any other decline: a new attempt on the same intent, with another method
    Outcome.DECLINED: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    # the method is gone or not the customer's: nothing was charged, another method may be tried
    Outcome.METHOD_UNUSABLE: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    # declined too often before (B13): nothing was sent, another method may be tried
    Outcome.METHOD_EXHAUSTED: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    # 200 canceled: confirmed by the processor
    Outcome.CANCELLED: Row(Final.YES, PaymentState.CANCELLED, Tell.CANCELLED, Then.NOTHING),
    # 400 idempotency_error: our bug; never a new key by itself
    Outcome.KEY_MISUSED: Row(Final.NONE, PaymentState.PARKED, None, Then.PERSON),
    # other 400, 403, 404: configuration or bug
    Outcome.REJECTED: Row(Final.NONE, PaymentState.PARKED, None, Then.PERSON),
    # the processor shows another amount, currency, customer or purchase than we asked for
    Outcome.MISMATCH: Row(Final.NONE, PaymentState.PARKED, None, Then.PERSON),
    # 401: no call of ours can work; the payment stays where it is, the worker stops
    Outcome.UNAUTHORIZED: Row(Final.NONE, None, None, Then.STOP),
    # 400 payment_intent_unexpected_state: the intent moved on without us; reading tells where to
    Outcome.MOVED_ON: Row(Final.UNKNOWN, PaymentState.UNKNOWN, None, Then.READ),
    # 409: our own earlier call is still running there
    Outcome.CONFLICT: Row(Final.NO, None, None, Then.SAME_KEY),
    # 429
    Outcome.TOO_MANY_REQUESTS: Row(Final.NO, None, None, Then.SAME_KEY),
    # 5xx, time-out, reset, broken body: a retry is not progress (a saved 500 is replayed), reading is
    Outcome.UNKNOWN: Row(Final.UNKNOWN, PaymentState.UNKNOWN, None, Then.READ),
    # read: the intent is not confirmed, so the call never took effect: the same key again
    Outcome.UNCONFIRMED: Row(Final.UNKNOWN, PaymentState.CHARGING, None, Then.SAME_KEY),
    # listed: no such intent among the customer's, so the call never took effect: the same key again
    Outcome.NOT_FOUND: Row(Final.UNKNOWN, PaymentState.CHARGING, None, Then.SAME_KEY),
}

# The same outcomes once the key may have been forgotten: only looked up, never charged anew (B10).
DECISIONS_WITH_OLD_KEY: dict[Outcome, Row] = {
    **DECISIONS,
    # Still being refused and too old to send again: read instead.
    Outcome.CONFLICT: Row(Final.NO, PaymentState.UNKNOWN, None, Then.READ),
    Outcome.TOO_MANY_REQUESTS: Row(Final.NO, None, None, Then.READ),
    # The intent stands unconfirmed and nothing of ours can still be running: cancelled there, then the claim is freed.
    Outcome.UNCONFIRMED: Row(Final.UNKNOWN, PaymentState.CANCELLING, None, Then.CANCEL),
    # Tried, and no trace of it: a person.
    Outcome.NOT_FOUND: Row(Final.UNKNOWN, PaymentState.PARKED, None, Then.PERSON),
}
# Never tried by our books, and the processor has no trace of it either: stood unpaid too long (A4).
NEVER_SENT = Row(Final.YES, PaymentState.CANCELLED, Tell.CANCELLED, Then.NOTHING)

# True whatever attempt it was asked for: no later attempt can undo it.
OF_THE_WHOLE_PAYMENT = frozenset({Outcome.SUCCEEDED, Outcome.CANCELLED})


@dataclass(frozen=True, slots=True)
class Answer:
    """What one call came to. `request_id` is the processor's, for its support; `detail` names fields, never values."""

    outcome: Outcome
    intent: Intent | None = None
    error_code: str | None = None
    decline_code: str | None = None
    detail: str = ""
    request_id: str | None = None
