"""A request from asking to its end (A1 to A6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.billing.handlers.timers import CANCEL, CHARGE, REQUEST_EXPIRY, UNPAID
from shared.contracts.message import Message
from shared.contracts.reasons import Reason
from shared.contracts.top_up_commands import CancelRequest, DeclineRequest
from shared.contracts.top_up_events import (
    CommandRefused,
    PurchasePaid,
    RequestCancelled,
    RequestClaimed,
    RequestDeclined,
    RequestExpired,
    RequestFulfilled,
    RequestReleased,
    TopUpRequested,
)
from tests.integration.billing.messages import ask, buy, credited, workspace
from tests.integration.billing.till import Till


def cancel(request_id: str, actor_id: str = "erin") -> CancelRequest:
    return CancelRequest(workspace_id="acme", actor_id=actor_id, request_id=request_id)


def decline(request_id: str, actor_id: str = "adam") -> DeclineRequest:
    return DeclineRequest(workspace_id="acme", actor_id=actor_id, request_id=request_id, reason="not this month")


@pytest.mark.rule("A1", "A2")
def test_an_editor_asks_and_everyone_else_is_refused(till: Till) -> None:
    till.hand_in(ask("erin"), ask("gina"), ask("victor"), ask("adam"), ask("olivia"))
    assert [requested.asker_id for requested in till.told(TopUpRequested)] == ["erin", "gina"]
    assert till.reasons() == [Reason.CANNOT_EDIT, Reason.CAN_BUY_DIRECTLY, Reason.CAN_BUY_DIRECTLY]
    requested = till.told(TopUpRequested)[0]
    assert (requested.credits, requested.price_minor, requested.currency) == (3_000, 1_500, "usd")


@pytest.mark.rule("A5")
def test_asking_again_changes_nothing_and_tells_nobody(till: Till) -> None:
    request = ask()
    till.hand_in(request, request, ask())
    assert len(till.told(TopUpRequested)) == 1
    assert till.reasons() == [Reason.REQUEST_ALREADY_OPEN] * 2
    assert request.request_id in till.told(CommandRefused)[-1].detail


@pytest.mark.rule("A5", "B7")
@pytest.mark.case(4, 12)
def test_a_request_that_was_refused_stays_refused_under_its_id(till: Till) -> None:
    first, second = ask(), ask()
    till.hand_in(first, second, cancel(first.request_id), second)
    assert till.reasons() == [Reason.REQUEST_ALREADY_OPEN] * 2
    till.hand_in(second.model_copy(update={"package_id": "credits-10k"}))
    assert till.reasons()[-1] is Reason.REQUEST_ID_REUSED
    till.hand_in(ask())
    assert len(till.told(TopUpRequested)) == 2


@pytest.mark.rule("A5")
def test_an_id_with_other_content_or_of_another_workspace_is_refused(till: Till) -> None:
    request = ask()
    till.hand_in(request, request.model_copy(update={"package_id": "credits-10k"}))
    till.hand_in(request.model_copy(update={"workspace_id": "globex"}))
    assert till.reasons() == [Reason.REQUEST_ID_REUSED] * 2


@pytest.mark.rule("A4")
def test_the_asker_takes_it_back_once(till: Till) -> None:
    request = ask()
    till.hand_in(request, cancel(request.request_id, "gina"), cancel(request.request_id), cancel(request.request_id))
    assert len(till.told(RequestCancelled)) == 1
    assert till.reasons() == [Reason.NOT_THE_ASKER, Reason.REQUEST_NOT_OPEN]
    till.hand_in(ask())
    assert len(till.told(TopUpRequested)) == 2


@pytest.mark.rule("A4")
def test_an_admin_declines_with_a_reason(till: Till) -> None:
    request = ask()
    till.hand_in(request, decline(request.request_id, "erin"), decline(request.request_id))
    (declined,) = till.told(RequestDeclined)
    assert (declined.decliner_id, declined.reason) == ("adam", "not this month")
    till.hand_in(buy(request_id=request.request_id), request)
    assert till.reasons() == [Reason.NOT_ALLOWED_TO_DECIDE, Reason.REQUEST_NOT_OPEN, Reason.REQUEST_NOT_OPEN]


@pytest.mark.rule("A4")
def test_what_is_being_bought_can_be_neither_cancelled_nor_declined(till: Till) -> None:
    request = ask()
    till.hand_in(request, buy(request_id=request.request_id), cancel(request.request_id), decline(request.request_id))
    assert till.reasons() == [Reason.ALREADY_BEING_BOUGHT] * 2


@pytest.mark.rule("A4")
def test_nobody_bought_it_in_fourteen_days(till: Till) -> None:
    till.hand_in(ask())
    till.later(timedelta(days=14) - timedelta(seconds=5))
    assert till.turn(REQUEST_EXPIRY) == []
    till.later(timedelta(seconds=10))
    till.turn(REQUEST_EXPIRY)
    assert len(till.told(RequestExpired)) == 1


@pytest.mark.rule("A4")
@pytest.mark.case(22)
def test_past_its_time_it_is_not_open_even_before_the_clock_work_ran(till: Till) -> None:
    request = ask()
    till.hand_in(request)
    till.later(timedelta(days=14, seconds=1))
    till.hand_in(buy(request_id=request.request_id), ask())
    assert till.reasons() == [Reason.REQUEST_NOT_OPEN]
    assert len(till.told(RequestExpired)) == 1
    assert len(till.told(TopUpRequested)) == 2
    till.turn(REQUEST_EXPIRY)
    assert len(till.told(RequestExpired)) == 1


@pytest.mark.rule("A4")
@pytest.mark.case(22)
@pytest.mark.parametrize("act", ["buy", "cancel", "decline"])
def test_a_command_from_before_the_expiry_counts_though_the_clock_work_ran_first(till: Till, act: str) -> None:
    request = ask()
    till.hand_in(request)
    till.later(timedelta(days=14) - timedelta(seconds=5))
    before = till.now()
    till.later(timedelta(seconds=30))
    till.turn(REQUEST_EXPIRY)
    commands = {
        "buy": buy(request_id=request.request_id),
        "cancel": cancel(request.request_id),
        "decline": decline(request.request_id),
    }
    till.hand_in(commands[act], appended_at=before)
    assert till.reasons() == []
    kinds: dict[str, type[Message]] = {"buy": RequestClaimed, "cancel": RequestCancelled, "decline": RequestDeclined}
    assert len(till.told(RequestExpired)) == len(till.told(kinds[act])) == 1
    till.settle_everything()
    for paid in till.told(PurchasePaid):
        till.hand_in(credited(paid))
    assert len(till.told(RequestFulfilled)) == (act == "buy")
    assert len(till.told(RequestExpired)) == 1


@pytest.mark.rule("A4", "A5")
def test_an_expired_request_does_not_come_back_beside_a_newer_one(till: Till) -> None:
    request = ask()
    till.hand_in(request)
    till.later(timedelta(days=14) - timedelta(seconds=5))
    before = till.now()
    till.later(timedelta(seconds=30))
    till.turn(REQUEST_EXPIRY)
    till.hand_in(ask())
    till.hand_in(buy(request_id=request.request_id), appended_at=before)
    assert till.reasons() == [Reason.REQUEST_NOT_OPEN]


@pytest.mark.rule("A4")
def test_a_claimed_request_does_not_expire_and_does_so_at_once_when_released_late(till: Till) -> None:
    request = ask()
    till.hand_in(request, workspace(version=2, payment_method_id="pm_bad"))
    till.later(timedelta(days=13, hours=23))
    till.hand_in(buy(request_id=request.request_id))
    till.turn(CHARGE)
    till.later(timedelta(hours=24, seconds=1))
    assert till.turn(REQUEST_EXPIRY) == []
    till.turn(UNPAID)
    till.turn(CANCEL)
    assert len(till.told(RequestReleased)) == 1
    till.turn(REQUEST_EXPIRY)
    assert len(till.told(RequestExpired)) == 1
