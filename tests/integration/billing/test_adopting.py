"""A backup was restored: what the processor was paid since is adopted, before today's directory is asked (B8)."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.billing.domain.processor import PaymentsUnknown
from services.billing.handlers.timers import CHARGE, SETTLE
from shared.contracts.reasons import Reason
from shared.contracts.top_up_events import (
    PurchaseAccepted,
    PurchaseDeclined,
    PurchasePaid,
    RequestClaimed,
)
from shared.messaging.failures import SettingsProblem, Weather
from tests.integration.billing.messages import ask, buy, catalog, member, quote, retry, workspace
from tests.integration.billing.till import Till

MOVED_ON: dict[str, Callable[[Till], object]] = {
    "the plan is free": lambda till: till.hand_in(workspace(version=9, plan="free")),
    "the buyer is an editor": lambda till: till.hand_in(member("adam", "editor", version=9)),
    "an editor is a viewer": lambda till: till.hand_in(member("gina", "viewer", version=9)),
    "another method is saved": lambda till: till.hand_in(workspace(version=9, payment_method_id="pm_other")),
    "no method is saved": lambda till: till.hand_in(
        workspace(version=9, payment_method_id=None, processor_customer_id=None)
    ),
    "a later catalog began before": lambda till: till.hand_in(catalog(version=2, price_minor=1_600)),
}


def errors(logs: Sequence[MutableMapping[str, Any]]) -> list[object]:
    return [line["event"] for line in logs if line["log_level"] == "error"]


@pytest.mark.rule("B7", "B8")
@pytest.mark.case(12)
@pytest.mark.parametrize("what", list(MOVED_ON))
def test_what_was_paid_is_credited_whatever_the_directory_says_by_now(till: Till, what: str) -> None:
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    (first,) = till.told(PurchasePaid)
    till.restore_to_before_everything()
    MOVED_ON[what](till)
    till.list_payments()
    till.hand_in(command, appended_at=before)
    till.settle_everything()
    assert till.reasons() == []
    assert len(till.charges()) == 1
    assert [paid.payment_intent_id for paid in till.told(PurchasePaid)] == [first.payment_intent_id] * 2
    assert len({outgoing.event_id for outgoing in till.said if isinstance(outgoing.message, PurchasePaid)}) == 1
    till.hand_in(buy())
    assert (till.reasons() == []) == (what == "another method is saved")


@pytest.mark.rule("B7")
@pytest.mark.case(12)
def test_in_another_life_of_the_database_purchases_wait_for_the_list(till: Till) -> None:
    till.restore_to_before_everything()
    with pytest.raises(Weather):
        till.hand_in(buy())
    till.sandbox.fault(method="GET", path="/v1/payment_intents", status=503)
    with pytest.raises(PaymentsUnknown):
        till.list_payments()
    with pytest.raises(Weather):
        till.hand_in(buy())
    till.list_payments()
    till.hand_in(buy())
    assert len(till.told(PurchaseAccepted)) == 1


@pytest.mark.case(12)
def test_a_list_begun_in_an_earlier_life_counts_for_nothing(till: Till) -> None:
    """Restored while the list was being read: it began at an instant later than the backup's."""
    before = till.reconciliation.read_listing()
    till.restore_to_before_everything()
    with till.transaction() as connection:
        connection.execute("UPDATE processor_listing SET listed_until = listed_until - interval '1 hour'")
    assert not till.reconciliation.list_payments(before)
    with pytest.raises(Weather):
        till.hand_in(buy())


def test_a_list_is_one_call_that_begins_where_the_last_one_ended(till: Till) -> None:
    till.hand_in(buy())
    till.turn(CHARGE)
    till.later(timedelta(days=3))
    till.list_payments()
    till.later(timedelta(minutes=10))
    calls = len(till.sandbox.requests())
    till.list_payments()
    (call,) = till.sandbox.requests()[calls:]
    since = till.now() - timedelta(minutes=10, hours=1)
    assert abs(int(str(call["encoded"]).split("gte%5D=")[1].split("&")[0]) - since.timestamp()) < 60


def test_a_key_the_processor_refuses_stops_the_worker_before_it_decides(till: Till) -> None:
    till.sandbox.fault(method="GET", path="/v1/payment_intents", status=401)
    with pytest.raises(SettingsProblem):
        till.list_payments()


@pytest.mark.rule("B7", "B9")
@pytest.mark.case(12)
def test_what_took_no_money_is_decided_anew(till: Till) -> None:
    till.save_method("pm_bad")
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.hand_in(workspace(version=9, plan="free"))
    till.list_payments()
    till.hand_in(command, appended_at=before)
    assert till.reasons() == [Reason.PLAN_NOT_ELIGIBLE]


@pytest.mark.rule("B9")
@pytest.mark.case(12, 13)
def test_what_the_buyer_still_authenticates_is_adopted_and_paid_when_it_is(till: Till) -> None:
    till.save_method("pm_3ds")
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.hand_in(member("adam", "viewer", version=9))
    till.list_payments()
    till.hand_in(command, appended_at=before)
    till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "action_required"
    till.sandbox.complete_authentication(till.intent_of(command.purchase_id))
    till.later(timedelta(minutes=1))
    till.turn(SETTLE)
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("A4", "B8")
@pytest.mark.case(12)
@pytest.mark.parametrize("still_there", [True, False])
def test_its_request_is_claimed_if_it_can_be_and_missed_if_not(till: Till, still_there: bool) -> None:
    request, before = ask(), till.now()
    command = buy(request_id=request.request_id)
    till.hand_in(request, command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.said.clear()
    if still_there:
        till.hand_in(request)
    till.hand_in(member("adam", "editor", version=9))
    till.list_payments()
    till.hand_in(command, appended_at=before)
    till.settle_everything()
    assert len(till.told(RequestClaimed)) == still_there
    assert len(till.told(PurchasePaid)) == 1


@pytest.mark.rule("B7")
@pytest.mark.case(10, 12)
def test_another_workspaces_command_with_the_id_of_a_paid_purchase_does_not_take_it(till: Till) -> None:
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.hand_in(workspace(workspace_id="globex"))
    till.hand_in(*(member(user, "admin", workspace_id="globex") for user in ("adam", "erin", "gina")))
    till.list_payments()
    till.hand_in(command.model_copy(update={"workspace_id": "globex"}), command, appended_at=before)
    till.settle_everything()
    assert till.reasons() == [Reason.PURCHASE_ID_REUSED]
    assert till.state("purchases", command.purchase_id) == "paid"


@pytest.mark.case(12, 18)
def test_a_charge_that_is_not_what_the_command_says_waits_for_a_person(till: Till) -> None:
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.list_payments()
    other = command.model_copy(update={"quote": quote("erin")})
    with capture_logs() as logs:
        till.hand_in(other, appended_at=before)
        till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "parked"
    assert errors(logs) == ["payment_needs_a_person"]
    assert len(till.told(PurchasePaid)) == 1


@pytest.mark.case(12)
def test_a_charge_on_another_customer_waits_for_a_person(till: Till) -> None:
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.hand_in(workspace(version=9, processor_customer_id="cus_other"))
    till.list_payments()
    till.hand_in(command, appended_at=before)
    till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "parked"


@pytest.mark.case(12)
@pytest.mark.parametrize("wrong", [quote(price_minor=1), quote(version=7), quote("erin", "erin")])
def test_a_charged_purchase_that_cannot_be_recorded_is_told_loudly_and_may_come_again(
    till: Till, wrong: object
) -> None:
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.list_payments()
    with capture_logs() as logs:
        till.hand_in(command.model_copy(update={"quote": wrong}), appended_at=before, waited=True)
    assert till.reasons() == [Reason.NEEDS_A_PERSON]
    assert errors(logs) == ["charged_purchase_needs_a_person"]
    till.hand_in(command, appended_at=before)
    till.settle_everything()
    assert till.state("purchases", command.purchase_id) == "paid"


@pytest.mark.case(12)
def test_paid_there_and_never_bought_here_is_said_until_somebody_looks(till: Till) -> None:
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.list_payments()
    till.later(timedelta(hours=2))
    for _ in range(2):
        with capture_logs() as logs:
            till.list_payments()
        assert errors(logs) == ["paid_and_never_bought_here"]
        assert command.purchase_id in str(logs)


@pytest.mark.rule("B10")
@pytest.mark.case(12, 18)
@pytest.mark.parametrize("method", ["pm_good", "pm_slow", "pm_bad"])
def test_a_key_that_was_used_with_another_method_takes_what_came_of_it(till: Till, method: str) -> None:
    """Not listed, for whatever reason: the same key with other parameters is refused there."""
    till.save_method(method)
    command, before = buy(), till.now()
    till.hand_in(command)
    till.turn(CHARGE)
    state = till.state("purchases", command.purchase_id)
    till.restore_to_before_everything()
    till.count_as_listed()
    till.save_method("pm_other", version=9)
    till.hand_in(command, appended_at=before)
    till.sandbox.fault(method="GET", path="/v1/payment_intents", status=503)
    till.turn(CHARGE)
    till.wait_for_retry()
    till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == state
    assert len(till.charges()) == (state == "paid")
    if state == "declined":
        assert len({each.purchase_id for each in till.told(PurchaseDeclined)}) == 1
        till.hand_in(retry(command))
        till.turn(CHARGE)
        assert len(till.charges()) == 1


@pytest.mark.case(18)
def test_a_misused_key_without_any_outcome_waits_for_a_person(till: Till) -> None:
    command, before = buy(), till.now()
    till.sandbox.fault(stage="before", action="error", save=True, status=500)
    till.hand_in(command)
    till.turn(CHARGE)
    till.restore_to_before_everything()
    till.count_as_listed()
    till.save_method("pm_other", version=9)
    till.hand_in(command, appended_at=before)
    till.turn(CHARGE)
    assert till.state("purchases", command.purchase_id) == "parked"
    assert till.charges() == []


def test_nothing_else_waits_for_the_processor(till: Till) -> None:
    command = buy()
    till.hand_in(command)
    till.forget_the_listing()
    till.hand_in(command, ask())
    assert till.reasons() == []
    with pytest.raises(Weather):
        till.hand_in(buy())
