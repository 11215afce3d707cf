"""A day later: keys are forgotten, backups restored, claims given back (B10, A4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.billing.handlers.timers import CANCEL, CHARGE, SETTLE, UNPAID
from shared.contracts.reasons import Reason
from shared.contracts.top_up_events import (
    PurchaseCancelled,
    PurchasePaid,
    PurchaseStatus,
    RequestReleased,
)
from tests.integration.billing.messages import ask, buy, retry, workspace
from tests.integration.billing.till import Till


@pytest.mark.rule("B10")
@pytest.mark.case(3)
def test_an_answer_lost_for_a_day_is_looked_up_and_never_charged_anew(till: Till) -> None:
    """The key is forgotten by then: sent again it would make a second charge."""
    till.sandbox.fault(stage="after", action="reset")
    till.hand_in(buy())
    till.turn(CHARGE)
    till.later(timedelta(hours=25))
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1
    assert [row["path"] for row in till.sandbox.requests() if row["method"] == "POST"] == ["/v1/payment_intents"]


@pytest.mark.rule("B10")
@pytest.mark.case(3)
def test_unknown_for_a_day_and_without_a_trace_waits_for_a_person(till: Till) -> None:
    till.sandbox.fault(stage="before", action="reset")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.later(timedelta(hours=25))
    till.turn(CHARGE)
    assert till.state("payments", command.purchase_id) == "parked"
    assert till.charges() == []


@pytest.mark.case(12)
def test_a_command_read_again_after_a_day_adopts_what_was_paid(till: Till) -> None:
    """A restored backup: our rows are gone, the processor remembers, the key is forgotten."""
    command, long_ago = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    first = [outgoing for outgoing in till.said if isinstance(outgoing.message, PurchasePaid)]
    forget_everything(till)
    till.later(timedelta(hours=30))
    till.hand_in(command, appended_at=long_ago)
    till.turn(CHARGE)
    both = [outgoing for outgoing in till.said if isinstance(outgoing.message, PurchasePaid)]
    assert len(till.charges()) == 1
    assert {outgoing.event_id for outgoing in both} == {first[0].event_id}
    assert both[0].message.model_dump(exclude={"paid_at"}) == both[1].message.model_dump(exclude={"paid_at"})


@pytest.mark.case(12)
def test_a_command_read_again_within_a_day_gets_the_same_charge_by_the_same_key(till: Till) -> None:
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    forget_everything(till)
    till.later(timedelta(hours=2))
    till.hand_in(command, appended_at=before)
    till.turn(CHARGE)
    assert len(till.charges()) == 1
    assert len({paid.payment_intent_id for paid in till.told(PurchasePaid)}) == 1


@pytest.mark.case(12)
def test_a_command_read_again_whose_later_attempt_was_paid_adopts_that(till: Till) -> None:
    """The saved answer of the first attempt is a decline; what the intent is now is read instead."""
    till.save_method("pm_bad")
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(retry(command))
    till.turn(CHARGE)
    forget_everything(till)
    till.hand_in(command, appended_at=before)
    till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "paid"
    assert len(till.charges()) == 1


@pytest.mark.rule("A4", "B10")
def test_a_command_found_after_two_days_that_was_never_charged_is_over_and_frees_its_request(till: Till) -> None:
    request, long_ago = ask(), till.now()
    till.hand_in(request)
    till.later(timedelta(days=2))
    till.hand_in(buy(request_id=request.request_id), appended_at=long_ago)
    till.turn(CHARGE)
    assert till.told(PurchaseCancelled)[0].reason is Reason.UNPAID_TOO_LONG
    assert len(till.told(RequestReleased)) == 1
    assert till.charges() == []


@pytest.mark.rule("A4")
def test_unpaid_for_a_day_is_cancelled_at_the_processor_before_the_request_is_freed(till: Till) -> None:
    till.save_method("pm_3ds")
    request = ask()
    command = buy(request_id=request.request_id)
    till.hand_in(request, command)
    till.turn(CHARGE)
    till.later(timedelta(hours=24, seconds=1))
    till.turn(UNPAID)
    assert till.told(RequestReleased) == []
    till.sandbox.fault(stage="before", action="error", status=503)
    till.turn(CANCEL)
    assert till.told(RequestReleased) == []
    till.wait_for_retry()
    till.turn(CANCEL)
    assert till.told(PurchaseCancelled)[0].reason is Reason.PAYMENT_CANCELLED
    assert len(till.told(RequestReleased)) == 1
    till.hand_in(workspace(version=3, payment_method_id="pm_good"), buy("olivia", request_id=request.request_id))
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == 1


@pytest.mark.rule("A4")
def test_paid_at_the_last_moment_is_paid(till: Till) -> None:
    till.save_method("pm_3ds")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(command)
    intent = till.told(PurchaseStatus)[-1].payment_intent_id
    assert intent is not None
    till.later(timedelta(hours=24, seconds=1))
    till.turn(UNPAID)
    till.sandbox.complete_authentication(intent)
    till.turn(CANCEL)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1
    assert till.told(PurchaseCancelled) == []


@pytest.mark.rule("A4")
@pytest.mark.case(13)
def test_declined_by_the_bank_after_the_cancelling_began_it_is_cancelled_all_the_same(till: Till) -> None:
    till.sandbox.customer("cus_b", cards=[("pm_b", "pm_sandbox_authenticationThenProcessing")])
    till.hand_in(workspace(version=2, processor_customer_id="cus_b", payment_method_id="pm_b"))
    request = ask()
    command = buy(request_id=request.request_id)
    till.hand_in(request, command)
    till.turn(CHARGE)
    intent = till.intent_of(command.purchase_id)
    till.later(timedelta(hours=24, seconds=1))
    till.sandbox.complete_authentication(intent)
    till.turn(UNPAID)
    till.sandbox.fault(path="/v1/payment_intents/*/cancel", status=503)
    till.sandbox.fault(method="GET", status=503)
    till.turn(CANCEL)
    assert till.state("payments", command.purchase_id) == "cancelling"
    till.sandbox.clear_faults()
    till.turn(SETTLE)
    assert till.state("payments", command.purchase_id) == "processing"
    till.sandbox.settle(intent, succeeds=False)
    for _ in range(4):
        till.later(timedelta(hours=2))
        till.settle_everything()
    assert till.state("purchases", command.purchase_id) == "cancelled"
    assert len(till.told(RequestReleased)) == 1


@pytest.mark.rule("A4")
@pytest.mark.case(17)
@pytest.mark.parametrize("stage", ["before", "after"])
def test_a_saved_error_does_not_keep_a_payment_from_being_cancelled(till: Till, stage: str) -> None:
    till.save_method("pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.later(timedelta(hours=24, seconds=1))
    till.sandbox.fault(path="/v1/payment_intents/*/cancel", stage=stage, save=True)  # type: ignore[arg-type]  # its words
    till.turn(UNPAID)
    till.turn(CANCEL)
    till.wait_for_retry()
    till.turn(CANCEL)
    assert till.state("payments", command.purchase_id) == "cancelled"
    assert len(till.told(PurchaseCancelled)) == 1


@pytest.mark.rule("A4")
@pytest.mark.case(1, 17)
def test_a_saved_400_found_after_a_kill_is_read_past(till: Till) -> None:
    till.save_method("pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.later(timedelta(hours=24, seconds=1))
    till.sandbox.fault(path="/v1/payment_intents/*/cancel", status=400, save=True)
    till.turn(UNPAID)
    till.call_and_die(CANCEL)
    till.turn(CANCEL)
    assert till.state("payments", command.purchase_id) == "cancelling"
    till.wait_for_retry()
    till.turn(CANCEL)
    assert till.state("payments", command.purchase_id) == "cancelled"


@pytest.mark.rule("A4")
def test_declined_without_ever_reaching_the_processor_is_over_after_a_day(till: Till) -> None:
    till.save_method("pm_never_was")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.later(timedelta(hours=24, seconds=1))
    till.turn(UNPAID)
    assert till.told(PurchaseCancelled)[0].reason is Reason.UNPAID_TOO_LONG
    till.hand_in(retry(command))
    assert till.reasons() == [Reason.PURCHASE_NOT_RETRYABLE]


def forget_everything(till: Till) -> None:
    """What a backup from before the purchase does not hold."""
    with till.admin() as connection:
        connection.execute("TRUNCATE payment_attempts, payments, purchase_lines, purchases, requests, timers CASCADE")
