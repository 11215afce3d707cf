"""From the processor's error to a row of the decision table ("Errors", "Error codes", "Advanced error handling")."""

from __future__ import annotations

from dataclasses import dataclass

from services.billing.domain.outcome import Outcome
from services.billing.domain.reading import AUTHENTICATION_CODES


@dataclass(frozen=True, slots=True)
class FailedCall:
    """`status` is HTTP's, None without an answer. `kind` is the error's `type`; the rest are called as there."""

    status: int | None
    kind: str | None = None
    code: str | None = None
    param: str | None = None


# By HTTP status, where the status alone decides. The SDK raises a plain APIError without a code for 409.
BY_STATUS: dict[int, Outcome] = {
    401: Outcome.UNAUTHORIZED,
    409: Outcome.CONFLICT,
    429: Outcome.TOO_MANY_REQUESTS,
}
# By code or type, where the status says too little.
BY_CODE: dict[str, Outcome] = {
    "payment_intent_unexpected_state": Outcome.MOVED_ON,
    "payment_method_unactivated": Outcome.METHOD_UNUSABLE,
    "payment_method_unexpected_state": Outcome.METHOD_UNUSABLE,
}


def outcome_of_failure(failure: FailedCall) -> Outcome:
    """Whatever is not plainly an answer is unknown: it may have been carried out."""
    status = failure.status
    if status is None or status < 400 or status >= 500:
        return Outcome.UNKNOWN
    if status in BY_STATUS:
        return BY_STATUS[status]
    if failure.kind == "idempotency_error":
        return Outcome.KEY_MISUSED
    if failure.kind == "card_error":
        return _of_card(failure)
    if failure.param == "payment_method":
        return Outcome.METHOD_UNUSABLE
    return BY_CODE.get(failure.code or "", Outcome.REJECTED)


def _of_card(failure: FailedCall) -> Outcome:
    if failure.code == "authentication_required":
        return Outcome.AUTHENTICATION_REQUIRED
    return Outcome.AUTHENTICATION_FAILED if failure.code in AUTHENTICATION_CODES else Outcome.DECLINED
