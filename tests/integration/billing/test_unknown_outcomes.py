"""The answer is lost, late, or that the call is wrong: read before anything is sent again (B10)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.billing.handlers.timers import CHARGE, SETTLE
from services.billing.stripe_gateway import StripeGateway
from shared.contracts.reasons import Reason
from shared.contracts.top_up_events import (
    PurchasePaid,
    RequestReleased,
)
from shared.messaging.failures import SettingsProblem
from tests.integration.billing.messages import ask, buy, retry
from tests.integration.billing.till import Till
from tests.unit.billing.builders import payment


@pytest.mark.rule("B10")
@pytest.mark.case(2)
@pytest.mark.parametrize("stage", ["before", "after"])
def test_a_lost_answer_ends_in_one_charge(till: Till, stage: str) -> None:
    till.sandbox.fault(stage=stage, action="reset")  # type: ignore[arg-type]  # the words of the parametrization
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    assert till.state("payments", command.purchase_id) == "unknown"
    for _ in range(3):
        till.wait_for_retry()
        till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B10")
@pytest.mark.case(17)
def test_a_saved_error_is_read_past(till: Till) -> None:
    """v1 replays even a saved 500: sending the same key again is no progress, reading is."""
    till.sandbox.fault(stage="after", action="error", save=True)
    till.hand_in(buy())
    till.turn(CHARGE)
    till.wait_for_retry()
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.case(17)
def test_half_an_hour_of_outage_delays_and_does_not_double(till: Till) -> None:
    for method in ("GET", "POST"):
        till.sandbox.fault(method=method, path="/v1/*", times=1_000, status=503)
    command = buy()
    till.hand_in(command)
    waits = []
    for _ in range(9):
        till.turn(CHARGE)
        wait = till.due_in(CHARGE, command.purchase_id)
        assert wait is not None
        waits.append(wait.total_seconds())
        till.later(wait + timedelta(seconds=1))
    assert waits[-1] > 60
    till.sandbox.clear_faults()
    till.later(timedelta(minutes=10))
    till.turn(CHARGE)
    till.later(timedelta(minutes=10))
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.case(17)
@pytest.mark.parametrize("status", [409, 429])
def test_busy_is_waited_out_with_the_same_key(till: Till, status: int) -> None:
    till.sandbox.fault(status=status, times=3)
    command = buy()
    till.hand_in(command)
    for _ in range(4):
        till.turn(CHARGE)
        till.later(timedelta(minutes=1))
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1
    keys = {row["idempotency_key"] for row in till.sandbox.requests() if row["method"] == "POST"}
    assert len(keys) == 1


def test_a_key_the_processor_refuses_stops_the_worker_and_the_payment_goes_on_later(till: Till) -> None:
    till.sandbox.fault(status=401)
    command = buy()
    till.hand_in(command)
    with pytest.raises(SettingsProblem):
        till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "accepted"
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_call_the_processor_calls_wrong_waits_for_a_person(till: Till, status: int) -> None:
    till.sandbox.fault(status=status)
    command = buy()
    till.hand_in(command)
    till.settle_everything()
    assert till.state("purchases", command.purchase_id) == "parked"
    assert till.due_in(CHARGE, command.purchase_id) is None
    till.hand_in(retry(command))
    assert till.reasons() == [Reason.NEEDS_A_PERSON]
    till.later(timedelta(days=2))
    till.settle_everything()
    assert till.state("purchases", command.purchase_id) == "parked"
    assert till.charges() == []


@pytest.mark.rule("B8", "B10")
@pytest.mark.case(2, 12)
def test_a_parked_payment_that_was_paid_after_all_becomes_known(till: Till) -> None:
    """The processor said that the call was wrong, and carried it out: no intent of it is known here."""
    till.sandbox.fault(stage="after", action="error", status=403)
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "parked"
    till.sandbox.fault(method="GET", times=2, status=503)
    for _ in range(5):
        till.later(timedelta(hours=1, seconds=1))
        till.settle_everything()
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1
    assert till.due_in(SETTLE, command.purchase_id) is None


@pytest.mark.rule("A4")
def test_a_parked_payment_cancelled_by_hand_at_the_processor_frees_its_request(till: Till) -> None:
    till.save_method("pm_3ds")
    request = ask()
    command = buy(request_id=request.request_id)
    till.sandbox.fault(stage="after", action="error", status=403)
    till.hand_in(request, command)
    till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "parked"
    gateway = StripeGateway(till.settings.stripe_api_key.get_secret_value(), till.settings.stripe_api_base)
    (made,) = gateway.payments_since(till.now() - timedelta(hours=1))
    gateway.cancel(payment(intent_id=made.intent_id))
    till.later(timedelta(hours=1, seconds=1))
    till.turn(SETTLE)
    assert till.state("purchases", command.purchase_id) == "cancelled"
    assert len(till.told(RequestReleased)) == 1
