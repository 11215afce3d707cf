"""Whatever the processor and the network answer, in whatever order: paid is told once, and nothing is sent blindly."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.decision import Change, decide
from services.billing.domain.outcome import Answer, Outcome, Tell
from services.billing.domain.payment import KEY_LIFETIME, PAYMENT_TRANSITIONS, PURCHASE_STATE, Payment, PaymentState
from services.billing.domain.purchase import PURCHASE_TRANSITIONS, PurchaseState
from services.billing.domain.retrying import objection
from services.billing.domain.step import Call, charge_step
from tests.unit.billing.builders import NOW, attempt, intent, payment

WITHOUT_MISMATCH = [outcome for outcome in Outcome if outcome is not Outcome.MISMATCH]


@dataclass
class Completer:
    """The states alone, moved as settlement moves them."""

    payment: Payment
    purchase: PurchaseState = PurchaseState.ACCEPTED
    told: list[Tell] = field(default_factory=list)

    def hear(self, asked_attempt: int, answer: Answer, now: datetime) -> Change | None:
        change = decide(self.payment, asked_attempt, answer, now)
        if change and change.to:
            assert change.to in PAYMENT_TRANSITIONS[self.payment.state]
            follows = PURCHASE_STATE[change.to]
            if follows is not None and follows is not self.purchase:
                assert follows in PURCHASE_TRANSITIONS[self.purchase]
                self.purchase = follows
            self.payment = replace(self.payment, state=change.to)
            if change.tell:
                self.told.append(change.tell)
        return change

    def try_again(self) -> None:
        if objection(self.payment, self.payment.attempt.number + 1) is None:
            following = attempt(number=self.payment.attempt.number + 1)
            self.payment = replace(self.payment, state=PaymentState.CREATED, attempt=following)
            self.purchase = PurchaseState.ACCEPTED


# One thing that happens: hours pass, an answer arrives about some attempt, the buyer tries again, a charge is prepared.
hours = st.integers(min_value=0, max_value=12)
answers = st.tuples(st.integers(min_value=1, max_value=4), st.sampled_from(WITHOUT_MISMATCH))
happenings = st.lists(st.one_of(hours, answers, st.just("again"), st.just("prepare")), max_size=40)


@pytest.mark.rule("B7", "B9", "B10")
@pytest.mark.case(2, 3, 5, 13, 16)
@given(happenings)
def test_any_sequence_of_answers_pays_at_most_once_and_takes_only_allowed_steps(sequence: list[object]) -> None:
    completer = Completer(payment(PaymentState.CREATED))
    now = NOW
    for happening in sequence:
        if isinstance(happening, int):
            now += timedelta(hours=happening)
        elif happening == "again":
            completer.try_again()
        elif happening == "prepare":
            step = charge_step(completer.payment, now)
            if step and step.before is not completer.payment.state:
                assert step.before in PAYMENT_TRANSITIONS[completer.payment.state]
                completer.payment = replace(completer.payment, state=step.before)
        elif isinstance(happening, tuple):
            asked, outcome = happening
            completer.hear(asked, Answer(outcome, intent() if outcome is Outcome.SUCCEEDED else None), now)
    assert completer.told.count(Tell.PAID) <= 1
    assert completer.told.count(Tell.CANCELLED) <= 1
    assert not (Tell.PAID in completer.told and Tell.CANCELLED in completer.told)
    if Tell.PAID in completer.told:
        assert completer.purchase is PurchaseState.PAID


@pytest.mark.rule("B10")
@pytest.mark.case(3, 12)
@given(
    st.sampled_from(list(PaymentState)),
    st.integers(min_value=1, max_value=100),
    st.none() | st.just("pi_1"),
    st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=30)),
)
def test_nothing_is_sent_with_a_key_that_may_be_forgotten(
    state: PaymentState, number: int, intent_id: str | None, age: timedelta
) -> None:
    standing = payment(state, of=attempt(number=number, commanded_at=NOW - age), intent_id=intent_id)
    step = charge_step(standing, NOW)
    if step and step.call in (Call.CREATE, Call.CONFIRM):
        assert age < KEY_LIFETIME
        assert (step.call is Call.CREATE) == (intent_id is None)


@pytest.mark.rule("B10")
@given(st.sampled_from(list(PaymentState)), st.timedeltas(min_value=timedelta(hours=23), max_value=timedelta(days=30)))
def test_no_answer_leads_back_to_sending_once_the_key_is_old(state: PaymentState, age: timedelta) -> None:
    standing = payment(state, of=attempt(commanded_at=NOW - age))
    for outcome in Outcome:
        change = decide(standing, 1, Answer(outcome), NOW)
        assert change is None or change.to is not PaymentState.CHARGING
