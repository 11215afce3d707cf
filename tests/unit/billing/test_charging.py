"""The errand of a charge, with a processor that says what hardly ever happens."""

from __future__ import annotations

from datetime import datetime

import pytest

from services.billing.app import LEASE_S
from services.billing.domain.intent import Intent
from services.billing.domain.links import Links
from services.billing.domain.outcome import Answer, Outcome
from services.billing.domain.payment import Payment, PaymentState
from services.billing.domain.step import Call, Step
from services.billing.handlers.charge import Charge, ChargeErrand
from services.billing.stripe_gateway import CONNECT_TIMEOUT_S, READ_TIMEOUT_S
from tests.unit.billing.builders import intent, payment


@pytest.mark.case(17)
def test_a_lease_outlasts_every_call_of_a_turn() -> None:
    """A charge, its replay read anew, and a second look at what was refused; a look of many pages is repeated."""
    assert 4 * (CONNECT_TIMEOUT_S + READ_TIMEOUT_S) < LEASE_S


@pytest.mark.rule("B9")
@pytest.mark.case(1)
def test_an_intent_that_was_made_with_an_unusable_method_is_the_one_that_is_paid_later() -> None:
    made = intent("requires_payment_method")
    errand = ChargeErrand(Refusing(made), Links("https://pay.example.com"), 120, 1)
    standing = payment(PaymentState.CHARGING)
    answer = errand.perform(Charge(standing, Step(Call.CREATE, PaymentState.CHARGING)))
    assert answer is not None
    assert (answer.outcome, answer.intent) == (Outcome.METHOD_UNUSABLE, made)


class Refusing:
    """A processor that refuses the call, names the intent it made, and does not know the method."""

    def __init__(self, made: Intent) -> None:
        self._made = made

    def create(self, payment: Payment) -> Answer:
        return Answer(Outcome.REJECTED, self._made)

    def check_method(self, payment: Payment) -> Answer:
        return Answer(Outcome.METHOD_UNUSABLE)

    def confirm(self, payment: Payment) -> Answer:
        raise NotImplementedError

    def retrieve(self, payment: Payment, intent_id: str) -> Answer:
        raise NotImplementedError

    def find(self, payment: Payment, since: datetime) -> Answer:
        raise NotImplementedError

    def cancel(self, payment: Payment) -> Answer:
        raise NotImplementedError
