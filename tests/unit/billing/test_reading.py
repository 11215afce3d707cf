"""What errors and intents of the processor mean, before the decision table is asked."""

from __future__ import annotations

import pytest

from services.billing.domain.failed_call import FailedCall, outcome_of_failure
from services.billing.domain.outcome import Outcome
from services.billing.domain.payment import PaymentState
from services.billing.domain.reading import outcome_of
from tests.unit.billing.builders import attempt, intent, payment


@pytest.mark.rule("B10")
@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (FailedCall(None), Outcome.UNKNOWN),
        (FailedCall(200), Outcome.UNKNOWN),
        (FailedCall(302), Outcome.UNKNOWN),
        (FailedCall(500, "api_error"), Outcome.UNKNOWN),
        (FailedCall(503), Outcome.UNKNOWN),
        (FailedCall(409, "idempotency_error", "idempotency_key_in_use"), Outcome.CONFLICT),
        (FailedCall(409, "invalid_request_error", "lock_timeout"), Outcome.CONFLICT),
        (FailedCall(429, "invalid_request_error", "rate_limit"), Outcome.TOO_MANY_REQUESTS),
        (FailedCall(401, "invalid_request_error"), Outcome.UNAUTHORIZED),
        (FailedCall(403, "invalid_request_error"), Outcome.REJECTED),
        (FailedCall(404, "invalid_request_error", "resource_missing", "intent"), Outcome.REJECTED),
        (FailedCall(400, "invalid_request_error", "parameter_unknown", "amout"), Outcome.REJECTED),
        (FailedCall(400, "idempotency_error"), Outcome.KEY_MISUSED),
        (FailedCall(400, "invalid_request_error", "resource_missing", "payment_method"), Outcome.METHOD_UNUSABLE),
        (FailedCall(400, "invalid_request_error", "payment_intent_unexpected_state"), Outcome.MOVED_ON),
        (FailedCall(402, "card_error", "card_declined"), Outcome.DECLINED),
        (FailedCall(402, "card_error", "expired_card", "exp_month"), Outcome.DECLINED),
        (FailedCall(402, "card_error", "authentication_required"), Outcome.AUTHENTICATION_REQUIRED),
        (FailedCall(402, "card_error", "payment_intent_authentication_failure"), Outcome.AUTHENTICATION_FAILED),
    ],
)
def test_an_error_falls_under_one_row(failure: FailedCall, outcome: Outcome) -> None:
    assert outcome_of_failure(failure) is outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        ("succeeded", Outcome.SUCCEEDED),
        ("requires_action", Outcome.ACTION_REQUIRED),
        ("processing", Outcome.PROCESSING),
        ("requires_capture", Outcome.REQUIRES_CAPTURE),
        ("canceled", Outcome.CANCELLED),
        ("requires_confirmation", Outcome.UNCONFIRMED),
        ("requires_payment_method", Outcome.UNCONFIRMED),
        ("something_new", Outcome.REJECTED),
    ],
)
def test_a_status_falls_under_one_row(status: str, outcome: Outcome) -> None:
    assert outcome_of(intent(status), payment()) is outcome


def test_the_only_attempt_that_failed_is_ours() -> None:
    failed = intent("requires_payment_method", error_code="card_declined")
    assert outcome_of(failed, payment(PaymentState.UNKNOWN)) is Outcome.DECLINED


def test_a_failed_authentication_is_told_as_such() -> None:
    failed = intent("requires_payment_method", error_code="payment_intent_authentication_failure")
    assert outcome_of(failed, payment(PaymentState.REQUIRES_ACTION)) is Outcome.AUTHENTICATION_FAILED


@pytest.mark.case(2)
@pytest.mark.parametrize(
    ("charge_id", "outcome"),
    [("ch_1", Outcome.UNCONFIRMED), (None, Outcome.UNCONFIRMED), ("ch_2", Outcome.DECLINED)],
)
def test_the_failure_of_the_attempt_before_is_not_taken_for_ours(charge_id: str | None, outcome: Outcome) -> None:
    second = payment(PaymentState.UNKNOWN, of=attempt(number=2, previous_charge_id="ch_1"), intent_id="pi_1")
    seen = intent("requires_payment_method", error_code="card_declined", charge_id=charge_id)
    assert outcome_of(seen, second) is outcome
