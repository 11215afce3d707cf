"""The payment: declined and tried again, authenticated, slow (B9)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.billing.handlers.timers import CHARGE, SETTLE
from shared.contracts.reasons import Reason
from shared.contracts.top_up_events import (
    PurchaseActionRequired,
    PurchaseDeclined,
    PurchasePaid,
    PurchaseStatus,
)
from tests.integration.billing.messages import buy, retry, workspace
from tests.integration.billing.till import KilledError, Till


def posted(till: Till) -> list[dict[str, Any]]:
    return [dict(row) for row in till.sandbox.requests() if row["method"] == "POST"]


@pytest.mark.rule("B9")
def test_a_declined_card_credits_nothing_and_another_method_pays_the_same_intent(till: Till) -> None:
    till.save_method("pm_bad")
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
    till.save_method("pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(retry(command, "pm_bad", 2))
    till.turn(CHARGE)
    till.hand_in(retry(command, "pm_other", 2), retry(command, "pm_other", 4), retry(command, "pm_other", 3))
    till.turn(CHARGE)
    assert [declined.next_attempt for declined in till.told(PurchaseDeclined)] == [2, 3]
    assert till.reasons() == [Reason.STALE_ATTEMPT] * 2
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
    assert till.reasons() == [
        Reason.IN_PROGRESS,
        Reason.NOT_ALLOWED_TO_BUY,
        Reason.UNKNOWN_PURCHASE,
        Reason.PURCHASE_NOT_RETRYABLE,
    ]


@pytest.mark.rule("B9", "B7")
@pytest.mark.case(4, 12)
def test_a_retry_that_was_refused_does_not_act_when_it_is_delivered_again(till: Till) -> None:
    till.save_method("pm_3ds")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    (refused,) = till.hand_in(retry(command))
    assert till.reasons() == [Reason.IN_PROGRESS]
    till.sandbox.complete_authentication(till.intent_of(command.purchase_id), passed=False)
    till.later(timedelta(minutes=1))
    till.turn(SETTLE)
    till.redeliver(retry(command), refused.cause)
    till.settle_everything()
    assert till.state("payments", command.purchase_id) == "declined"
    till.hand_in(retry(command))
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B1", "B9")
def test_a_new_charge_needs_a_paying_workspace_again(till: Till) -> None:
    till.save_method("pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(workspace(version=3, plan="free"), retry(command))
    assert till.reasons() == [Reason.PLAN_NOT_ELIGIBLE]


@pytest.mark.rule("B9")
@pytest.mark.case(10)
@pytest.mark.parametrize("method", ["pm_foreign", "pm_never_was"])
def test_a_method_of_another_customer_is_not_charged(till: Till, method: str) -> None:
    till.save_method("pm_bad")
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
@pytest.mark.case(1, 10, 12, 17)
@pytest.mark.parametrize("status", [429, 500, None])
def test_a_check_without_an_answer_charges_nothing_until_it_has_one(till: Till, status: int | None) -> None:
    """`pm_card_mastercard` is not saved on any customer, and the processor would charge it."""
    till.save_method("pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    posts = len(posted(till))
    till.hand_in(retry(command, "pm_card_mastercard"))
    if status is None:
        with pytest.raises(KilledError):
            till.turn_and_die(CHARGE)
    else:
        till.sandbox.fault(method="GET", path="/v1/payment_methods*", status=status)
        till.turn(CHARGE)
        assert till.state("payments", command.purchase_id) == "created"
    till.wait_for_retry()
    till.settle_everything()
    assert till.told(PurchaseDeclined)[-1].reason is Reason.PAYMENT_METHOD_UNUSABLE
    assert len(posted(till)) == posts
    assert till.charges() == []


@pytest.mark.rule("B9")
@pytest.mark.case(1)
def test_a_method_removed_after_its_charge_was_sent_does_not_hide_the_charge(till: Till) -> None:
    till.save_method("pm_bad")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(retry(command))
    till.sandbox.fault(stage="after", action="reset")
    till.turn(CHARGE)
    till.sandbox.fault(method="GET", path="/v1/payment_methods*", times=50, status=404)
    till.wait_for_retry()
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B9")
@pytest.mark.parametrize("method", ["pm_foreign", "pm_never_was"])
def test_a_saved_method_that_is_gone_is_told_and_another_one_pays(till: Till, method: str) -> None:
    till.save_method(method)
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
    till.save_method("pm_3ds")
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
    till.wait_for_retry()
    till.turn(SETTLE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B9")
@pytest.mark.case(23)
def test_no_message_carries_the_client_secret(till: Till) -> None:
    till.save_method("pm_3ds")
    till.hand_in(buy())
    till.turn(CHARGE)
    assert all("secret" not in repr(outgoing.message) for outgoing in till.said)


@pytest.mark.rule("B9")
def test_a_failed_authentication_is_told_and_the_purchase_can_be_tried_again(till: Till) -> None:
    till.save_method("pm_3ds")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.hand_in(command)
    intent = till.told(PurchaseStatus)[-1].payment_intent_id
    assert intent is not None
    till.sandbox.complete_authentication(intent, passed=False)
    till.wait_for_retry()
    till.turn(SETTLE)
    (declined,) = till.told(PurchaseDeclined)
    assert declined.reason is Reason.AUTHENTICATION_FAILED
    till.hand_in(retry(command))
    till.turn(CHARGE)
    assert till.told(PurchasePaid)[0].payment_intent_id == intent


@pytest.mark.case(13)
def test_authenticated_while_the_answer_was_lost_is_found_paid(till: Till) -> None:
    till.save_method("pm_3ds")
    command = buy()
    till.sandbox.fault(stage="after", action="reset")
    till.hand_in(command)
    till.turn(CHARGE)
    (line,) = [row for row in till.sandbox.requests() if row["method"] == "POST"]
    assert line["path"] == "/v1/payment_intents"
    assert till.told(PurchaseActionRequired) == []
    till.wait_for_retry()
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
    till.save_method("pm_slow")
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
