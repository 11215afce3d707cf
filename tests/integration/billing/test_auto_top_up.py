"""An account is topped up by itself, on the road of a person's purchase (B14)."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.billing.handlers.timers import AUTO_TOP_UP, CHARGE
from shared.contracts.auto_top_up import (
    AutoTopUpHeldBack,
    AutoTopUpSet,
    AutoTopUpStopped,
    SetAutoTopUp,
    StopAutoTopUp,
)
from shared.contracts.credit_ledger import BalanceChanged, PurchaseCredited
from shared.contracts.reasons import Reason
from shared.contracts.spending import SetSpendingCaps
from shared.contracts.top_up_events import (
    PurchaseAccepted,
    PurchaseActionRequired,
    PurchaseCancelled,
    PurchaseDeclined,
    PurchasePaid,
)
from shared.messaging.failures import Weather
from shared.messaging.work import Cause
from tests.integration.billing.messages import buy, credited, member, quote, retry, workspace
from tests.integration.billing.till import KilledError, Till

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def in_the_middle_of_a_month(till: Till) -> None:
    """Days and months are those of UTC: none ends while a test runs."""
    now = till.now()
    till.later(now.replace(hour=12, minute=0, second=0, microsecond=0, day=10) + timedelta(days=31) - now)


def wish(**changes: Any) -> SetAutoTopUp:
    said: dict[str, Any] = {
        "workspace_id": "acme",
        "user_id": "erin",
        "actor_id": "adam",
        "package_id": "credits-3k",
        "threshold_credits": 1_000,
        "monthly_cap_minor": 4_500,
        "currency": "usd",
    }
    return SetAutoTopUp(**{**said, **changes})


def stop(actor_id: str = "olivia") -> StopAutoTopUp:
    return StopAutoTopUp(workspace_id="acme", user_id="erin", actor_id=actor_id)


def balance(version: int, usable: int, user_id: str = "erin") -> BalanceChanged:
    return BalanceChanged(
        workspace_id="acme",
        user_id=user_id,
        version=version,
        quota_remaining=usable,
        top_up_remaining=0,
        usable=usable,
        top_up_paused=False,
    )


def known_from(paid: PurchasePaid, version: int) -> PurchaseCredited:
    """The ledger's answer; balances know of it from this version on."""
    answer = credited(paid)
    lines = tuple(line.model_copy(update={"balance_version": version}) for line in answer.lines)
    return answer.model_copy(update={"lines": lines})


def state(till: Till) -> tuple[bool, bool, int]:
    """On, a purchase under way, declines in a row."""
    with till.transaction() as connection:
        row = connection.execute("SELECT is_on, purchase_id IS NOT NULL, declines FROM auto_top_ups").fetchone()
    assert row is not None
    return row[0], row[1], row[2]


@pytest.mark.rule("B14")
def test_a_low_balance_buys_one_package_in_the_name_of_who_set_it(till: Till) -> None:
    till.hand_in(balance(1, 1_000), wish())
    till.settle_everything()
    assert till.told(PurchaseAccepted) == []
    till.hand_in(balance(2, 999), balance(2, 999), balance(1, 5))
    till.settle_everything()
    (accepted,) = till.told(PurchaseAccepted)
    assert (accepted.buyer_id, accepted.quote, accepted.automatic) == ("adam", quote("erin"), True)
    (paid,) = till.told(PurchasePaid)
    assert [charge["amount_minor"] for charge in till.charges()] == [1_500]
    (request,) = [row for row in till.sandbox.requests() if row["method"] == "POST"]
    assert request["path"] == "/v1/payment_intents"
    till.hand_in(known_from(paid, 4), balance(3, 10))  # burned before the credits came, told after
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 1
    till.hand_in(balance(4, 3_010), balance(5, 900))
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 2
    assert state(till) == (True, True, 0)


@pytest.mark.rule("B14")
def test_a_balance_that_was_low_before_it_was_set_counts(till: Till) -> None:
    till.hand_in(balance(7, 0), wish())
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 1
    (said,) = till.told(AutoTopUpSet)
    assert (said.threshold_credits, said.actor_id) == (1_000, "adam")


@pytest.mark.rule("B14", "B1", "B2", "B3", "B5", "B6")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"actor_id": "erin"}, Reason.NOT_ALLOWED_TO_BUY),
        ({"user_id": "victor"}, Reason.EDITOR_NOT_ELIGIBLE),
        ({"package_id": "credits-1"}, Reason.UNKNOWN_PACKAGE),
        ({"currency": "eur"}, Reason.PRICE_CHANGED),
        ({"monthly_cap_minor": 1_499}, Reason.PRICE_CHANGED),
    ],
)
def test_what_a_person_may_not_buy_is_not_bought_by_itself(till: Till, changes: Any, reason: Reason) -> None:
    till.hand_in(balance(1, 0), wish(**changes), stop())
    till.settle_everything()
    assert till.reasons() == [reason, Reason.NO_AUTO_TOP_UP]
    assert till.told(PurchaseAccepted) == []


@pytest.mark.rule("B14")
def test_never_two_at_once_for_one_account(till: Till) -> None:
    till.hand_in(wish(), balance(1, 0))
    till.turn(AUTO_TOP_UP)
    till.hand_in(balance(2, 1), wish(threshold_credits=2_000), balance(3, 0))
    till.turn(AUTO_TOP_UP)
    assert len(till.told(PurchaseAccepted)) == 1
    till.turn(CHARGE)
    till.hand_in(balance(4, 0))
    till.turn(AUTO_TOP_UP)
    assert len(till.told(PurchaseAccepted)) == 1
    assert state(till) == (True, True, 0)


@pytest.mark.rule("B14")
def test_while_somebody_buys_for_the_account_the_clock_waits(till: Till) -> None:
    by_hand = buy(quote=quote("erin"))
    till.hand_in(by_hand, wish(), balance(1, 0))
    till.settle_everything()
    (paid,) = till.told(PurchasePaid)
    assert paid.purchase_id == by_hand.purchase_id
    till.hand_in(known_from(paid, 2))
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 1
    till.hand_in(balance(2, 500))
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 2


@pytest.mark.rule("B14")
def test_credits_that_do_not_say_their_version_are_waited_for_all_the_same(till: Till) -> None:
    till.hand_in(wish(), balance(1, 0))
    till.settle_everything()
    (paid,) = till.told(PurchasePaid)
    till.hand_in(credited(paid))
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 1
    till.hand_in(balance(2, 3_000), balance(3, 0))
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 2


@pytest.mark.rule("B14")
def test_a_month_spends_no_more_than_its_cap_and_the_next_one_goes_on(till: Till) -> None:
    till.hand_in(wish())
    for version in range(1, 6):
        till.hand_in(balance(version, 0))
        till.settle_everything()
        for paid in till.told(PurchasePaid)[version - 1 :]:
            till.hand_in(known_from(paid, version))
        till.settle_everything()
    assert sum(charge["amount_minor"] for charge in till.charges()) == 4_500
    (held_back,) = till.told(AutoTopUpHeldBack)
    assert held_back.reason is Reason.MONTHLY_CAP_REACHED
    assert (held_back.try_again_at.day, held_back.try_again_at.hour) == (1, 0)
    assert held_back.try_again_at > till.now()
    till.later(DAY)
    till.settle_everything()
    assert (len(till.told(AutoTopUpHeldBack)), len(till.charges())) == (1, 3)
    till.later(held_back.try_again_at - till.now())
    till.settle_everything()
    assert len(till.charges()) == 4


@pytest.mark.rule("B14", "B9")
def test_declined_it_backs_off_and_after_three_in_a_row_it_is_off_and_said(till: Till) -> None:
    till.save_method("pm_bad")
    till.hand_in(wish(), balance(1, 0))
    till.settle_everything()
    assert (len(till.told(PurchaseDeclined)), state(till)) == (1, (True, True, 1))
    till.hand_in(balance(2, 0))
    till.later(HOUR / 2)
    till.settle_everything()
    assert len(till.told(PurchaseDeclined)) == 1
    till.later(HOUR / 2)
    till.settle_everything()
    assert (len(till.told(PurchaseDeclined)), state(till)) == (2, (True, True, 2))
    till.later(5 * HOUR)
    till.settle_everything()
    assert len(till.told(PurchaseDeclined)) == 2
    till.later(HOUR)
    till.settle_everything()
    (stopped,) = till.told(AutoTopUpStopped)
    assert (stopped.cause, stopped.reason, stopped.set_by) == ("declined", Reason.DECLINED_TOO_OFTEN, "adam")
    assert stopped.purchase_id == till.told(PurchaseAccepted)[0].purchase_id
    assert state(till) == (False, True, 3)
    assert len({line["payment_intent"] for line in till.sandbox.journal()}) == 1
    till.hand_in(balance(3, 0))
    till.later(2 * DAY)
    till.settle_everything()
    assert (len(till.told(PurchaseDeclined)), len(till.told(PurchaseCancelled))) == (3, 1)
    assert (state(till), till.charges()) == ((False, False, 3), [])
    till.save_method("pm_good", version=3)
    till.hand_in(wish())
    till.later(HOUR)
    till.settle_everything()
    assert (len(till.told(PurchasePaid)), state(till)[0]) == (1, True)


@pytest.mark.rule("B14")
def test_what_happens_to_the_account_meanwhile_does_not_shorten_the_back_off(till: Till) -> None:
    till.save_method("pm_bad")
    till.hand_in(wish(), balance(1, 0))
    till.settle_everything()
    (by_itself,) = till.told(PurchaseAccepted)
    till.later(HOUR / 2)
    till.hand_in(buy(quote=quote("erin")), balance(2, 0))
    till.settle_everything()
    tries = [line["metadata"]["purchase_id"] for line in till.sandbox.journal()]  # type: ignore[call-overload,index]  # a JSON object
    assert (len(tries), tries.count(by_itself.purchase_id)) == (2, 1)
    assert state(till) == (True, True, 1)


@pytest.mark.rule("B14", "B9")
def test_the_next_try_takes_the_method_that_is_saved_by_then_and_success_forgets_declines(till: Till) -> None:
    till.save_method("pm_bad")
    till.hand_in(wish(), balance(1, 0))
    till.settle_everything()
    till.save_method("pm_good", version=3)
    till.later(HOUR)
    till.settle_everything()
    (paid,) = till.told(PurchasePaid)
    assert len(till.told(PurchaseAccepted)) == 1
    till.hand_in(known_from(paid, 2))
    till.settle_everything()
    assert state(till) == (True, False, 0)


@pytest.mark.rule("B14", "B9")
def test_nobody_is_there_to_authenticate_and_a_person_may_do_it_later(till: Till) -> None:
    till.save_method("pm_3ds")
    till.hand_in(wish(), balance(1, 0))
    till.settle_everything()
    (declined,) = till.told(PurchaseDeclined)
    assert declined.reason is Reason.AUTHENTICATION_FAILED
    assert till.told(PurchaseActionRequired) == []
    (accepted,) = till.told(PurchaseAccepted)
    by_person = buy(purchase_id=accepted.purchase_id, quote=accepted.quote)
    till.hand_in(retry(by_person, "pm_3ds", 2))
    till.turn(CHARGE)
    assert len(till.told(PurchaseActionRequired)) == 1
    till.later(2 * HOUR)
    till.turn(AUTO_TOP_UP)
    till.sandbox.complete_authentication(till.intent_of(accepted.purchase_id))
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 1
    assert len(till.charges()) == 1


@pytest.mark.rule("B14")
def test_after_three_declines_a_person_pays_the_same_purchase_and_nothing_gets_stuck(till: Till) -> None:
    till.save_method("pm_bad")
    till.hand_in(wish(), balance(1, 0))
    for hours in (0, 1, 6):
        till.later(hours * HOUR)
        till.settle_everything()
    (accepted,) = till.told(PurchaseAccepted)
    by_person = buy(purchase_id=accepted.purchase_id, quote=accepted.quote)
    till.hand_in(retry(by_person, "pm_bad", 4))
    till.settle_everything()
    till.hand_in(retry(by_person, "pm_good", 5))
    till.settle_everything()
    till.hand_in(known_from(till.told(PurchasePaid)[0], 2))
    till.settle_everything()
    assert state(till) == (False, False, 0)


@pytest.mark.rule("B14")
def test_stopped_it_buys_nothing_more_and_tries_nothing_again(till: Till) -> None:
    till.save_method("pm_bad")
    till.hand_in(wish(), balance(1, 0))
    till.settle_everything()
    till.hand_in(stop("erin"), stop(), stop())
    assert till.reasons() == [Reason.NOT_ALLOWED_TO_BUY, Reason.NO_AUTO_TOP_UP]
    till.later(8 * HOUR)
    till.settle_everything()
    assert len(till.told(PurchaseDeclined)) == 1
    (stopped,) = till.told(AutoTopUpStopped)
    assert (stopped.cause, stopped.actor_id) == ("switched_off", "olivia")


@pytest.mark.rule("B14", "B2")
def test_who_may_not_buy_any_more_does_not_buy_by_the_clock(till: Till) -> None:
    till.hand_in(wish(), member("adam", "editor", version=2), balance(1, 0))
    till.settle_everything()
    (stopped,) = till.told(AutoTopUpStopped)
    assert (stopped.cause, stopped.reason) == ("refused", Reason.NOT_ALLOWED_TO_BUY)
    assert till.told(PurchaseAccepted) == []
    till.hand_in(wish(actor_id="olivia"))
    till.settle_everything()
    assert len(till.told(PurchaseAccepted)) == 1


@pytest.mark.rule("B14", "B1", "B13")
def test_what_time_mends_is_held_back_said_once_and_looked_at_again(till: Till) -> None:
    till.hand_in(wish(), workspace(version=2, status="past_due"), balance(1, 0))
    for _ in range(3):
        till.settle_everything()
        till.later(HOUR)
    assert [held.reason for held in till.told(AutoTopUpHeldBack)] == [Reason.WORKSPACE_NOT_ACTIVE]
    caps = SetSpendingCaps(workspace_id="acme", actor_id="olivia", currency="usd", workspace_day_minor=1_499)
    till.hand_in(workspace(version=3), caps)
    till.settle_everything()
    assert till.told(AutoTopUpHeldBack)[-1].reason is Reason.WORKSPACE_CAP_REACHED
    till.hand_in(caps.model_copy(update={"workspace_day_minor": None}))
    till.later(HOUR)
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 1


@pytest.mark.rule("B14", "B13")
def test_a_method_that_is_exhausted_is_waited_for_no_longer_than_for_another_one(till: Till) -> None:
    till.save_method("pm_bad")
    by_hand = buy(quote=quote("gina"))
    till.hand_in(by_hand)
    till.turn(CHARGE)
    for number in range(2, 16):
        till.hand_in(retry(by_hand, "pm_bad", number))
        till.turn(CHARGE)
    till.hand_in(wish(), balance(1, 0))
    till.settle_everything()
    (held_back,) = till.told(AutoTopUpHeldBack)
    assert held_back.reason is Reason.PAYMENT_METHOD_EXHAUSTED
    assert held_back.try_again_at - till.now() > 29 * DAY
    till.save_method("pm_good", version=3)
    till.later(HOUR)
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 1


@pytest.mark.rule("B14", "B10")
@pytest.mark.case(1)
@pytest.mark.parametrize("die", ["turn_and_die", "call_and_die"])
def test_killed_around_the_call_it_is_one_charge(till: Till, die: str) -> None:
    till.hand_in(wish(), balance(1, 0))
    till.turn(AUTO_TOP_UP)
    with suppress(KilledError):
        getattr(till, die)(CHARGE)
    till.hand_in(balance(2, 0))
    till.settle_everything()
    assert (len(till.told(PurchaseAccepted)), len(till.told(PurchasePaid)), len(till.charges())) == (1, 1, 1)


@pytest.mark.rule("B14", "B8")
@pytest.mark.case(12)
def test_a_restored_database_makes_the_same_purchase_again_and_adopts_what_was_paid(till: Till) -> None:
    said, cause = wish(), Cause("/edge", str(uuid4()), "talk")
    till.redeliver(said, cause)
    till.hand_in(balance(1, 0))
    till.turn(AUTO_TOP_UP)
    till.call_and_die(CHARGE)
    till.restore_to_before_everything()
    with till.admin() as connection:
        connection.execute("TRUNCATE inbox, balances, auto_top_ups, auto_purchases CASCADE")
    till.redeliver(said, cause)
    till.hand_in(balance(1, 0))
    with pytest.raises(Weather):
        till.turn(AUTO_TOP_UP)
    till.list_payments()
    till.settle_everything()
    assert len({accepted.purchase_id for accepted in till.told(PurchaseAccepted)}) == 1
    assert (len(till.told(PurchasePaid)), len(till.charges())) == (1, 1)
