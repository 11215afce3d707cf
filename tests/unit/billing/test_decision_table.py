"""The payment decision table, row by row (failures: the payment decision table)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.billing.domain.decision import decide
from services.billing.domain.outcome import (
    DECISIONS,
    DECISIONS_WITH_OLD_KEY,
    Answer,
    Final,
    Outcome,
    Row,
    Tell,
    Then,
)
from services.billing.domain.payment import PAYMENT_TRANSITIONS, Payment, PaymentState
from shared.contracts.reasons import Reason
from tests.unit.billing.builders import NOW, attempt, intent, payment

# outcome -> final?, where the payment goes, who is told what, what follows
TABLE: dict[Outcome, Row] = {
    Outcome.SUCCEEDED: Row(Final.YES, PaymentState.SUCCEEDED, Tell.PAID, Then.NOTHING),
    Outcome.ACTION_REQUIRED: Row(Final.NO, PaymentState.REQUIRES_ACTION, Tell.ACTION_REQUIRED, Then.POLL),
    Outcome.PROCESSING: Row(Final.NO, PaymentState.PROCESSING, None, Then.POLL),
    Outcome.REQUIRES_CAPTURE: Row(Final.NO, PaymentState.PROCESSING, None, Then.POLL),
    Outcome.AUTHENTICATION_REQUIRED: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    Outcome.AUTHENTICATION_FAILED: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    Outcome.DECLINED: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    Outcome.METHOD_UNUSABLE: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    Outcome.METHOD_EXHAUSTED: Row(Final.ATTEMPT, PaymentState.DECLINED, Tell.DECLINED, Then.BUYER),
    Outcome.CANCELLED: Row(Final.YES, PaymentState.CANCELLED, Tell.CANCELLED, Then.NOTHING),
    Outcome.KEY_MISUSED: Row(Final.NONE, PaymentState.PARKED, None, Then.PERSON),
    Outcome.REJECTED: Row(Final.NONE, PaymentState.PARKED, None, Then.PERSON),
    Outcome.MISMATCH: Row(Final.NONE, PaymentState.PARKED, None, Then.PERSON),
    Outcome.UNAUTHORIZED: Row(Final.NONE, None, None, Then.STOP),
    Outcome.MOVED_ON: Row(Final.UNKNOWN, PaymentState.UNKNOWN, None, Then.READ),
    Outcome.CONFLICT: Row(Final.NO, None, None, Then.SAME_KEY),
    Outcome.TOO_MANY_REQUESTS: Row(Final.NO, None, None, Then.SAME_KEY),
    Outcome.UNKNOWN: Row(Final.UNKNOWN, PaymentState.UNKNOWN, None, Then.READ),
    Outcome.UNCONFIRMED: Row(Final.UNKNOWN, PaymentState.CHARGING, None, Then.SAME_KEY),
    Outcome.NOT_FOUND: Row(Final.UNKNOWN, PaymentState.CHARGING, None, Then.SAME_KEY),
}
# Read, not sent: these come from looking, so the payment looks.
FROM_LOOKING = {Outcome.UNCONFIRMED, Outcome.NOT_FOUND}
OLD = attempt(commanded_at=NOW - timedelta(hours=23), first_tried_at=NOW - timedelta(hours=23))


@pytest.mark.rule("B10")
@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_table_in_the_code_is_the_agreed_one(outcome: Outcome) -> None:
    assert DECISIONS[outcome] == TABLE[outcome]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_answer_changes_a_payment_as_its_row_says(outcome: Outcome) -> None:
    standing = payment(PaymentState.UNKNOWN if outcome in FROM_LOOKING else PaymentState.CHARGING)
    change = decide(standing, 1, Answer(outcome), NOW)
    row = TABLE[outcome]
    assert change is not None
    assert (change.to, change.tell, change.then) == (row.to, row.tell, row.then)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_with_a_fresh_key_the_table_holds_up_to_its_last_moment(outcome: Outcome) -> None:
    nearly_old = attempt(commanded_at=NOW - timedelta(hours=23) + timedelta(seconds=1))
    standing = payment(PaymentState.UNKNOWN if outcome in FROM_LOOKING else PaymentState.CHARGING, of=nearly_old)
    change = decide(standing, 1, Answer(outcome), NOW)
    assert change is not None
    assert change.then is TABLE[outcome].then


@pytest.mark.rule("B10")
@pytest.mark.case(3)
@pytest.mark.parametrize("outcome", list(Outcome))
def test_nothing_is_ever_sent_again_with_an_old_key(outcome: Outcome) -> None:
    assert DECISIONS_WITH_OLD_KEY[outcome].then is not Then.SAME_KEY
    assert DECISIONS_WITH_OLD_KEY[outcome].to is not PaymentState.CHARGING


@pytest.mark.rule("B10")
@pytest.mark.case(3)
def test_tried_long_ago_and_without_a_trace_waits_for_a_person() -> None:
    change = decide(payment(PaymentState.UNKNOWN, of=OLD), 1, Answer(Outcome.NOT_FOUND), NOW)
    assert change is not None
    assert (change.to, change.then, change.reason) == (PaymentState.PARKED, Then.PERSON, Reason.NEEDS_A_PERSON)


@pytest.mark.rule("B10", "A4")
def test_commanded_long_ago_never_tried_and_without_a_trace_is_over() -> None:
    untried = attempt(commanded_at=NOW - timedelta(hours=23), first_tried_at=None)
    change = decide(payment(PaymentState.UNKNOWN, of=untried), 1, Answer(Outcome.NOT_FOUND), NOW)
    assert change is not None
    assert (change.to, change.tell, change.reason) == (
        PaymentState.CANCELLED,
        Tell.CANCELLED,
        Reason.UNPAID_TOO_LONG,
    )


@pytest.mark.case(12)
def test_commanded_long_ago_and_paid_by_an_earlier_life_is_adopted() -> None:
    untried = attempt(commanded_at=NOW - timedelta(days=2), first_tried_at=None)
    change = decide(payment(PaymentState.UNKNOWN, of=untried), 1, Answer(Outcome.SUCCEEDED, intent()), NOW)
    assert change is not None
    assert (change.to, change.tell) == (PaymentState.SUCCEEDED, Tell.PAID)


def test_an_unconfirmed_intent_with_an_old_key_is_cancelled_at_the_processor() -> None:
    change = decide(payment(PaymentState.UNKNOWN, of=OLD), 1, Answer(Outcome.UNCONFIRMED), NOW)
    assert change is not None
    assert (change.to, change.then) == (PaymentState.CANCELLING, Then.CANCEL)


@pytest.mark.case(5)
@pytest.mark.parametrize("standing", [state for state in PaymentState if state is not PaymentState.SUCCEEDED])
def test_success_is_told_once_whoever_reports_it(standing: PaymentState) -> None:
    before = payment(standing)
    first = decide(before, 1, Answer(Outcome.SUCCEEDED, intent()), NOW)
    if standing is PaymentState.CANCELLED:
        assert first is None
        return
    assert first is not None
    assert first.tell is Tell.PAID
    again = decide(payment(PaymentState.SUCCEEDED, intent_id="pi_1"), 1, Answer(Outcome.SUCCEEDED, intent()), NOW)
    assert again is not None
    assert (again.to, again.tell) == (None, None)


@pytest.mark.case(13)
@pytest.mark.parametrize("outcome", [each for each in Outcome if each not in (Outcome.SUCCEEDED, Outcome.CANCELLED)])
def test_an_answer_about_an_earlier_attempt_is_old_news(outcome: Outcome) -> None:
    second = payment(PaymentState.CHARGING, of=attempt(number=2))
    assert decide(second, 1, Answer(outcome), NOW) is None


@pytest.mark.case(13)
def test_success_counts_whichever_attempt_was_asked_about() -> None:
    second = payment(PaymentState.CHARGING, of=attempt(number=2))
    change = decide(second, 1, Answer(Outcome.SUCCEEDED, intent()), NOW)
    assert change is not None
    assert change.to is PaymentState.SUCCEEDED


@pytest.mark.parametrize("outcome", list(Outcome))
@pytest.mark.parametrize("state", [PaymentState.SUCCEEDED, PaymentState.CANCELLED])
def test_what_is_over_stays_over(state: PaymentState, outcome: Outcome) -> None:
    change = decide(payment(state, intent_id="pi_1"), 1, Answer(outcome), NOW)
    assert change is None or (change.to, change.tell) == (None, None)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"amount_minor": 2_999}, "amount"),
        ({"amount_received_minor": 1}, "amount_received"),
        ({"currency": "eur"}, "currency"),
        ({"customer_id": "cus_other"}, "customer"),
        ({"purchase_id": None}, "metadata.purchase_id"),
        ({"workspace_id": "other"}, "metadata.workspace_id"),
    ],
)
def test_money_that_is_not_what_we_asked_for_is_never_taken_for_paid(wrong: dict[str, Any], named: str) -> None:
    change = decide(payment(), 1, Answer(Outcome.SUCCEEDED, intent(**wrong)), NOW)
    assert change is not None
    assert (change.outcome, change.to, change.tell) == (Outcome.MISMATCH, PaymentState.PARKED, None)
    assert named in change.note


def test_another_intent_than_the_known_one_is_a_mismatch() -> None:
    change = decide(payment(intent_id="pi_other"), 1, Answer(Outcome.SUCCEEDED, intent()), NOW)
    assert change is not None
    assert change.outcome is Outcome.MISMATCH


@pytest.mark.rule("B9")
@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (Outcome.DECLINED, Reason.CARD_DECLINED),
        (Outcome.AUTHENTICATION_REQUIRED, Reason.AUTHENTICATION_FAILED),
        (Outcome.AUTHENTICATION_FAILED, Reason.AUTHENTICATION_FAILED),
        (Outcome.METHOD_UNUSABLE, Reason.PAYMENT_METHOD_UNUSABLE),
    ],
)
def test_the_buyer_is_told_why(outcome: Outcome, reason: Reason) -> None:
    change = decide(payment(), 1, Answer(outcome), NOW)
    assert change is not None
    assert change.reason is reason


@pytest.mark.rule("B9")
@pytest.mark.parametrize(
    ("theirs", "told"),
    [
        ("insufficient_funds", "insufficient_funds"),
        ("stolen_card", "generic_decline"),
        ("lost_card", "generic_decline"),
        ("fraudulent", "generic_decline"),
        (None, None),
    ],
)
def test_what_the_issuer_keeps_from_the_buyer_is_not_told(theirs: str | None, told: str | None) -> None:
    change = decide(payment(), 1, Answer(Outcome.DECLINED, decline_code=theirs), NOW)
    assert change is not None
    assert change.decline_code == told


def test_every_change_that_the_table_can_ask_for_is_a_step_that_may_be_taken() -> None:
    def takes(standing: Payment, outcome: Outcome) -> bool:
        change = decide(standing, 1, Answer(outcome), NOW)
        return change is None or change.to is None or change.to in PAYMENT_TRANSITIONS[standing.state]

    assert all(takes(payment(state), outcome) for state in PaymentState for outcome in Outcome)
