"""The payment: declined and tried again, authenticated, lost, looked up, too old, too long unpaid (B9, B10, A4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.billing.handlers.timers import CANCEL, CHARGE, SETTLE, UNPAID
from shared.contracts.reasons import Reason
from shared.contracts.top_up_events import (
    CommandRefused,
    PurchaseActionRequired,
    PurchaseCancelled,
    PurchaseDeclined,
    PurchasePaid,
    PurchaseStatus,
    RequestReleased,
)
from shared.messaging.failures import SettingsProblem
from tests.integration.billing.messages import ask, buy, retry, workspace
from tests.integration.billing.till import Till


def saved(till: Till, method: str, version: int = 2) -> None:
    """The workspace's saved method from now on."""
    till.hand_in(workspace(version=version, payment_method_id=method))


def reasons(till: Till) -> list[Reason]:
    return [refused.reason for refused in till.told(CommandRefused)]


def wait_for_retry(till: Till) -> None:
    """Until what was put off for a moment is due."""
    till.later(timedelta(seconds=10))


@pytest.mark.rule("B9")
def test_a_declined_card_credits_nothing_and_another_method_pays_the_same_intent(till: Till) -> None:
    saved(till, "pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    (declined,) = till.told(PurchaseDeclined)
    assert (declined.reason, declined.decline_code, declined.next_attempt) == (
        Reason.CARD_DECLINED,
        "generic_decline",
        2,
    )
    assert till.told(PurchasePaid) == []
    till.hand_in(retry(command), retry(command))
    till.settle_everything()
    (paid,) = till.told(PurchasePaid)
    intents = {line["payment_intent"] for line in till.sandbox.journal()}
    assert intents == {paid.payment_intent_id}
    assert len(till.charges()) == 1
    till.hand_in(retry(command))
    assert [status.state for status in till.told(PurchaseStatus)] == ["accepted", "accepted", "paid"]


@pytest.mark.rule("B9")
def test_each_attempt_has_its_own_number_key_and_event(till: Till) -> None:
    saved(till, "pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(retry(command, "pm_bad", 2))
    till.turn(CHARGE)
    till.hand_in(retry(command, "pm_other", 2), retry(command, "pm_other", 4), retry(command, "pm_other", 3))
    till.turn(CHARGE)
    assert [declined.next_attempt for declined in till.told(PurchaseDeclined)] == [2, 3]
    assert reasons(till) == [Reason.STALE_ATTEMPT] * 2
    ids = [outgoing.event_id for outgoing in till.said if isinstance(outgoing.message, PurchaseDeclined)]
    assert len(set(ids)) == 2
    keys = [line["idempotency_key"] for line in till.sandbox.journal()]
    assert len(set(keys)) == 3
    assert len(till.charges()) == 1


@pytest.mark.rule("B9")
def test_a_retry_is_for_buyers_of_this_workspace_and_for_what_is_declined(till: Till) -> None:
    command = buy()
    till.hand_in(command, retry(command), retry(command, actor_id="erin"), retry(buy()))
    till.settle_everything()
    till.hand_in(retry(command))
    assert reasons(till) == [
        Reason.IN_PROGRESS,
        Reason.NOT_ALLOWED_TO_BUY,
        Reason.UNKNOWN_PURCHASE,
        Reason.PURCHASE_NOT_RETRYABLE,
    ]


@pytest.mark.rule("B1", "B9")
def test_a_new_charge_needs_a_paying_workspace_again(till: Till) -> None:
    saved(till, "pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(workspace(version=3, plan="free"), retry(command))
    assert reasons(till) == [Reason.PLAN_NOT_ELIGIBLE]


@pytest.mark.rule("B9")
@pytest.mark.case(10)
@pytest.mark.parametrize("method", ["pm_foreign", "pm_never_was"])
def test_a_method_of_another_customer_is_not_charged(till: Till, method: str) -> None:
    saved(till, "pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(retry(command, method))
    till.turn(CHARGE)
    assert till.told(PurchaseDeclined)[-1].reason is Reason.PAYMENT_METHOD_UNUSABLE
    till.hand_in(retry(command, "pm_other", 3))
    till.turn(CHARGE)
    assert len(till.charges()) == len(till.told(PurchasePaid)) == 1


@pytest.mark.rule("B9")
@pytest.mark.parametrize("method", ["pm_foreign", "pm_never_was"])
def test_a_saved_method_that_is_gone_is_told_and_another_one_pays(till: Till, method: str) -> None:
    saved(till, method)
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    (declined,) = till.told(PurchaseDeclined)
    assert declined.reason is Reason.PAYMENT_METHOD_UNUSABLE
    till.hand_in(retry(command))
    till.turn(CHARGE)
    assert len(till.charges()) == len(till.told(PurchasePaid)) == 1


@pytest.mark.rule("B9")
def test_authentication_gives_the_buyer_our_link_and_continues_the_same_payment(till: Till) -> None:
    saved(till, "pm_3ds")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    (required,) = till.told(PurchaseActionRequired)
    assert required.url == f"https://pay.example.com/purchases/{command.purchase_id}/authenticate"
    till.hand_in(command)
    (status,) = till.told(PurchaseStatus)
    assert (status.state, status.url) == ("action_required", required.url)
    assert status.payment_intent_id is not None
    till.sandbox.complete_authentication(status.payment_intent_id)
    wait_for_retry(till)
    till.turn(SETTLE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B9")
@pytest.mark.case(23)
def test_no_message_carries_the_client_secret(till: Till) -> None:
    saved(till, "pm_3ds")
    till.hand_in(buy())
    till.turn(CHARGE)
    assert all("secret" not in repr(outgoing.message) for outgoing in till.said)


@pytest.mark.rule("B9")
def test_a_failed_authentication_is_told_and_the_purchase_can_be_tried_again(till: Till) -> None:
    saved(till, "pm_3ds")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(command)
    intent = till.told(PurchaseStatus)[-1].payment_intent_id
    assert intent is not None
    till.sandbox.complete_authentication(intent, passed=False)
    wait_for_retry(till)
    till.turn(SETTLE)
    (declined,) = till.told(PurchaseDeclined)
    assert declined.reason is Reason.AUTHENTICATION_FAILED
    till.hand_in(retry(command))
    till.turn(CHARGE)
    assert till.told(PurchasePaid)[0].payment_intent_id == intent


@pytest.mark.case(13)
def test_authenticated_while_the_answer_was_lost_is_found_paid(till: Till) -> None:
    saved(till, "pm_3ds")
    command = buy()
    till.sandbox.fault(stage="after", action="reset")
    till.hand_in(command)
    till.turn(CHARGE)
    (line,) = [row for row in till.sandbox.requests() if row["method"] == "POST"]
    assert line["path"] == "/v1/payment_intents"
    assert till.told(PurchaseActionRequired) == []
    wait_for_retry(till)
    till.turn(CHARGE)
    till.hand_in(command)
    intent = till.told(PurchaseStatus)[-1].payment_intent_id
    assert intent is not None
    till.sandbox.complete_authentication(intent)
    till.later(timedelta(minutes=1))
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.case(16)
def test_without_any_webhook_a_slow_payment_is_learned_by_polling_ever_more_rarely(till: Till) -> None:
    saved(till, "pm_slow")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    waits = []
    for _ in range(5):
        wait = till.due_in(SETTLE, command.purchase_id)
        assert wait is not None
        waits.append(round(wait.total_seconds()))
        till.later(wait + timedelta(seconds=1))
        till.turn(SETTLE)
    assert waits == sorted(waits)
    assert waits[-1] > 4 * waits[0]
    till.hand_in(command)
    intent = till.told(PurchaseStatus)[-1].payment_intent_id
    assert intent is not None
    till.sandbox.settle(intent)
    till.later(timedelta(hours=1))
    till.turn(SETTLE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


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
        wait_for_retry(till)
        till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B10")
@pytest.mark.case(17)
def test_a_saved_error_is_read_past(till: Till) -> None:
    """v1 replays even a saved 500: sending the same key again is no progress, reading is."""
    till.sandbox.fault(stage="after", action="error", save=True)
    till.hand_in(buy())
    till.turn(CHARGE)
    wait_for_retry(till)
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
    assert reasons(till) == [Reason.NEEDS_A_PERSON]
    assert till.charges() == []


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
    saved(till, "pm_bad")
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
    saved(till, "pm_3ds")
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
    wait_for_retry(till)
    till.turn(CANCEL)
    assert till.told(PurchaseCancelled)[0].reason is Reason.PAYMENT_CANCELLED
    assert len(till.told(RequestReleased)) == 1
    till.hand_in(workspace(version=3, payment_method_id="pm_good"), buy("olivia", request_id=request.request_id))
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == 1


@pytest.mark.rule("A4")
def test_paid_at_the_last_moment_is_paid(till: Till) -> None:
    saved(till, "pm_3ds")
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
def test_declined_without_ever_reaching_the_processor_is_over_after_a_day(till: Till) -> None:
    saved(till, "pm_never_was")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.later(timedelta(hours=24, seconds=1))
    till.turn(UNPAID)
    assert till.told(PurchaseCancelled)[0].reason is Reason.UNPAID_TOO_LONG
    till.hand_in(retry(command))
    assert reasons(till) == [Reason.PURCHASE_NOT_RETRYABLE]


def forget_everything(till: Till) -> None:
    """What a backup from before the purchase does not hold."""
    with till.admin() as connection:
        connection.execute("TRUNCATE payment_attempts, payments, purchase_lines, purchases, requests, timers CASCADE")
