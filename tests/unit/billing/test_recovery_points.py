"""Resuming after a crash is the same function entered at another state; and the state tables are closed."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from services.billing.domain.payment import PAYMENT_TRANSITIONS, PURCHASE_STATE, PaymentState
from services.billing.domain.purchase import PURCHASE_TRANSITIONS, PurchaseState
from services.billing.domain.request import REQUEST_TRANSITIONS, RequestState
from services.billing.domain.retrying import STATE_OBJECTIONS, objection
from services.billing.domain.schedule import poll_after, retry_after
from services.billing.domain.step import CLOCK_SLACK, Call, Step, charge_step, listing_since
from shared.contracts.reasons import Reason
from tests.unit.billing.builders import NOW, PURCHASE, attempt, payment

OLD = attempt(commanded_at=NOW - timedelta(hours=23))


@pytest.mark.rule("B9", "B10")
@pytest.mark.parametrize(
    ("state", "number", "intent_id", "step"),
    [
        (PaymentState.CREATED, 1, None, Step(Call.CREATE, PaymentState.CHARGING)),
        (PaymentState.CHARGING, 1, None, Step(Call.CREATE, PaymentState.CHARGING)),
        (PaymentState.UNKNOWN, 1, None, Step(Call.FIND, PaymentState.UNKNOWN)),
        (PaymentState.UNKNOWN, 1, "pi_1", Step(Call.RETRIEVE, PaymentState.UNKNOWN)),
        (PaymentState.CHARGING, 1, "pi_1", Step(Call.CONFIRM, PaymentState.CHARGING)),
        (PaymentState.CREATED, 2, "pi_1", Step(Call.CHECK, PaymentState.CREATED)),
        (PaymentState.CHARGING, 2, "pi_1", Step(Call.CONFIRM, PaymentState.CHARGING)),
        (PaymentState.CREATED, 2, None, Step(Call.CHECK, PaymentState.CREATED)),
    ],
)
def test_each_recovery_point_has_one_next_call(
    state: PaymentState, number: int, intent_id: str | None, step: Step
) -> None:
    standing = payment(state, of=attempt(number=number), intent_id=intent_id)
    assert charge_step(standing, NOW) == step


@pytest.mark.rule("B9")
@pytest.mark.parametrize(("intent_id", "call"), [(None, Call.CREATE), ("pi_1", Call.CONFIRM)])
def test_a_method_that_was_checked_is_charged(intent_id: str | None, call: Call) -> None:
    standing = payment(PaymentState.CREATED, of=attempt(number=2, method_checked=True), intent_id=intent_id)
    assert charge_step(standing, NOW) == Step(call, PaymentState.CHARGING)


@pytest.mark.rule("B10")
@pytest.mark.case(3, 12)
@pytest.mark.parametrize("state", [PaymentState.CREATED, PaymentState.CHARGING, PaymentState.UNKNOWN])
@pytest.mark.parametrize(("intent_id", "call"), [(None, Call.FIND), ("pi_1", Call.RETRIEVE)])
def test_a_command_older_than_the_key_lives_is_only_looked_up(
    state: PaymentState, intent_id: str | None, call: Call
) -> None:
    assert charge_step(payment(state, of=OLD, intent_id=intent_id), NOW) == Step(call, PaymentState.UNKNOWN)


@pytest.mark.parametrize("state", [state for state in PaymentState if state not in ("created", "charging", "unknown")])
def test_an_attempt_that_has_its_answer_is_not_charged(state: PaymentState) -> None:
    assert charge_step(payment(state), NOW) is None


def test_the_processor_is_searched_from_before_the_command() -> None:
    assert listing_since(payment()) == payment().attempt.commanded_at - CLOCK_SLACK


@pytest.mark.parametrize(
    ("states", "transitions"),
    [(PaymentState, PAYMENT_TRANSITIONS), (PurchaseState, PURCHASE_TRANSITIONS), (RequestState, REQUEST_TRANSITIONS)],
)
def test_every_state_has_its_row_and_none_leads_to_itself(states: type, transitions: dict[object, set[object]]) -> None:
    assert set(transitions) == set(states)  # type: ignore[call-overload]  # an enum class is iterable
    assert all(state not in following for state, following in transitions.items())


def test_the_purchase_can_follow_its_payment_everywhere() -> None:
    """Walk both machines together from the start: the purchase's step is always allowed."""
    seen, edge = set(), {(PaymentState.CREATED, PurchaseState.ACCEPTED)}
    while edge:
        pair = edge.pop()
        seen.add(pair)
        standing, purchase = pair
        for to in PAYMENT_TRANSITIONS[standing]:
            follows = PURCHASE_STATE[to] or purchase
            assert follows is purchase or follows in PURCHASE_TRANSITIONS[purchase], (pair, to)
            if (to, follows) not in seen:
                edge.add((to, follows))
    assert {purchase for _, purchase in seen} == set(PurchaseState) - {PurchaseState.CREDITED}


@pytest.mark.rule("B9")
@pytest.mark.parametrize("state", list(PaymentState))
def test_only_a_declined_payment_can_be_tried_again(state: PaymentState) -> None:
    refusal = objection(payment(state), 2)
    assert (refusal.reason if refusal else None) is STATE_OBJECTIONS[state]
    assert (refusal is None) == (state is PaymentState.DECLINED)


@pytest.mark.rule("B9")
@pytest.mark.parametrize("number", [1, 3, 99])
def test_only_the_next_attempt_can_begin(number: int) -> None:
    refusal = objection(payment(PaymentState.DECLINED), number)
    assert refusal is not None
    assert refusal.reason is Reason.STALE_ATTEMPT


@pytest.mark.case(17)
def test_waiting_grows_and_is_bounded_and_spread() -> None:
    waits = [retry_after(tries, PURCHASE) for tries in range(50)]
    assert waits == sorted(waits)
    assert timedelta(seconds=1) <= waits[0] <= timedelta(seconds=1.5)
    assert waits[-1] <= timedelta(seconds=450)
    assert poll_after(100, PURCHASE) <= timedelta(seconds=1350)
    assert len({retry_after(5, str(uuid4())) for _ in range(50)}) > 10
