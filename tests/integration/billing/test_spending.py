"""Spending caps, the attempt budget of a payment method, and the pace of asking, on real tables (B13, A2)."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.billing.handlers.timers import CHARGE
from services.billing.repository import BillingRepository
from shared.contracts.reasons import Reason
from shared.contracts.spending import SetSpendingCaps, SpendingCapsSet
from shared.contracts.top_up_commands import CancelRequest
from shared.contracts.top_up_events import (
    CommandRefused,
    PurchaseAccepted,
    PurchaseDeclined,
    PurchasePaid,
    TopUpQuoted,
    TopUpRequested,
)
from shared.messaging.work import Cause
from tests.integration.billing.messages import ask, ask_for_quote, buy, quote, retry, workspace
from tests.integration.billing.till import Till


@pytest.fixture(autouse=True)
def noon(till: Till) -> None:
    """Days are UTC days: none ends while a test runs."""
    now = till.now()
    till.later(now.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=1) - now)


def cap(actor_id: str = "olivia", **caps: Any) -> SetSpendingCaps:
    return SetSpendingCaps(workspace_id="acme", actor_id=actor_id, currency="usd", **caps)


@pytest.mark.rule("B13")
def test_only_the_owner_sets_caps_and_the_last_word_counts(till: Till) -> None:
    till.hand_in(cap("adam"), cap("erin"), cap("nobody"), cap(workspace_day_minor=3_000), cap(buyer_day_minor=6_000))
    assert till.reasons() == [Reason.NOT_THE_OWNER] * 2
    assert [park.waiting_for for park in till.parked] == ["member acme/nobody"]
    assert [(each.workspace_day_minor, each.buyer_day_minor) for each in till.told(SpendingCapsSet)] == [
        (3_000, None),
        (None, 6_000),
    ]
    till.hand_in(buy(), buy(), buy("olivia"), buy())
    assert len(till.told(PurchaseAccepted)) == 3
    assert till.reasons()[-1] is Reason.BUYER_CAP_REACHED


@pytest.mark.rule("B13")
def test_the_same_command_again_does_not_bring_old_caps_back(till: Till) -> None:
    first, cause = cap(workspace_day_minor=0), Cause("/edge", str(uuid4()), "talk")
    till.redeliver(first, cause)
    till.hand_in(cap(workspace_day_minor=None))
    till.redeliver(first, cause)
    with till.transaction() as connection:  # as if the inbox had forgotten it
        BillingRepository(connection).spending.store_caps(first, till.now(), cause)
    till.hand_in(buy())
    assert len(till.told(PurchaseAccepted)) == 1


@pytest.mark.rule("B13", "B7")
def test_beyond_the_cap_is_refused_for_ever_and_charges_nothing_and_the_next_day_allows_it(till: Till) -> None:
    till.hand_in(cap(workspace_day_minor=5_000))
    first, second = buy(), buy("olivia")
    till.hand_in(first, second, ask_for_quote("olivia"), second)
    refusals = till.told(CommandRefused)
    assert [refused.reason for refused in refusals] == [Reason.WORKSPACE_CAP_REACHED] * 3
    tomorrow = (till.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    assert {refused.try_again_at for refused in refusals} == {tomorrow}
    till.settle_everything()
    assert [charge["amount_minor"] for charge in till.charges()] == [3_000]
    till.later(timedelta(days=1))
    till.hand_in(second, ask_for_quote("olivia"), buy("olivia"))
    assert till.reasons()[-1] is Reason.WORKSPACE_CAP_REACHED  # the same id, the same answer
    assert len(till.told(TopUpQuoted)) == 1
    assert len(till.told(PurchaseAccepted)) == 2


@pytest.mark.rule("B13", "B9")
def test_what_was_declined_is_not_spent_and_trying_it_again_is(till: Till) -> None:
    till.hand_in(cap(workspace_day_minor=3_000))
    till.save_method("pm_bad")
    declined = buy()
    till.hand_in(declined)
    till.turn(CHARGE)
    till.save_method("pm_good", version=3)
    till.hand_in(buy(), retry(declined))
    assert till.reasons() == [Reason.WORKSPACE_CAP_REACHED]
    till.turn(CHARGE)
    till.later(timedelta(days=1))
    till.hand_in(retry(declined), buy())
    assert till.reasons() == [Reason.WORKSPACE_CAP_REACHED] * 2
    till.settle_everything()
    assert sum(charge["amount_minor"] for charge in till.charges()) == 6_000


@pytest.mark.rule("B13")
@pytest.mark.parametrize("seed", range(3))
def test_in_any_order_however_often_delivered_no_day_spends_more_than_its_cap(till: Till, seed: int) -> None:
    chance = random.Random(seed)
    till.hand_in(cap(workspace_day_minor=10_000, buyer_day_minor=6_000))
    purchases = [
        buy(chance.choice(("adam", "olivia")), quote=quote(*chance.choice((("erin",), ("erin", "gina")))))
        for _ in range(12)
    ]
    commands = [*purchases, *(retry(purchase) for purchase in purchases)] * 2
    chance.shuffle(commands)
    for number, command in enumerate(commands):
        if chance.random() < 0.3:
            till.hand_in(workspace(version=number + 2, payment_method_id=chance.choice(("pm_good", "pm_bad"))))
        till.hand_in(command)
        if chance.random() < 0.5:
            till.turn(CHARGE)
    till.settle_everything()
    assert 0 < sum(charge["amount_minor"] for charge in till.charges()) <= 10_000
    buyers = {purchase.purchase_id: purchase.actor_id for purchase in purchases}
    for buyer in ("adam", "olivia"):
        paid = [each.total_minor for each in till.told(PurchasePaid) if buyers[each.purchase_id] == buyer]
        assert sum(paid) <= 6_000


@pytest.mark.rule("B13", "B9")
def test_a_method_is_declined_fifteen_times_and_then_left_alone_for_30_days(till: Till) -> None:
    till.save_method("pm_bad")
    declined = buy()
    till.hand_in(declined)
    till.turn(CHARGE)
    for number in range(2, 16):
        till.hand_in(retry(declined, "pm_bad", number))
        till.turn(CHARGE)
    till.hand_in(retry(declined, "pm_bad", 16), buy(), ask_for_quote())
    refusals = till.told(CommandRefused)
    assert [refused.reason for refused in refusals] == [Reason.PAYMENT_METHOD_EXHAUSTED] * 3
    again = refusals[0].try_again_at
    assert again is not None
    assert timedelta(days=29) < again - till.now() <= timedelta(days=30)
    till.hand_in(retry(declined, "pm_good", 16))
    till.turn(CHARGE)
    assert len(till.told(PurchasePaid)) == 1
    till.later(timedelta(days=30))
    till.hand_in(buy())
    till.turn(CHARGE)
    assert len(till.told(PurchaseDeclined)) == 16


@pytest.mark.rule("B13")
def test_of_many_purchases_accepted_at_once_no_more_than_fifteen_reach_a_card_that_declines(till: Till) -> None:
    till.save_method("pm_bad")
    till.hand_in(*(buy() for _ in range(20)))
    till.turn(CHARGE)
    reasons = [each.reason for each in till.told(PurchaseDeclined)]
    assert reasons.count(Reason.CARD_DECLINED) == 15
    assert reasons.count(Reason.PAYMENT_METHOD_EXHAUSTED) == 5
    assert [line["effect"] for line in till.sandbox.journal()] == ["charge_declined"] * 15


@pytest.mark.rule("B13", "B10")
def test_charges_without_an_answer_keep_the_rest_waiting_and_not_refused(till: Till) -> None:
    till.hand_in(*(buy() for _ in range(16)))
    till.begin_all_and_die(CHARGE)
    states = _states(till)
    assert (states.count("charging"), states.count("created")) == (15, 1)
    till.wait_for_retry()
    till.settle_everything()
    assert len(till.told(PurchasePaid)) == 16
    assert till.told(PurchaseDeclined) == []


@pytest.mark.rule("A2", "A5")
def test_the_sixth_request_of_an_hour_is_told_when_to_ask_again(till: Till) -> None:
    began = till.now()
    for _ in range(5):
        request = ask()
        till.hand_in(request)
        till.hand_in(CancelRequest(workspace_id="acme", actor_id="erin", request_id=request.request_id))
    sixth = ask()
    till.hand_in(sixth, ask("gina"))
    (refused,) = till.told(CommandRefused)
    assert refused.reason is Reason.TOO_MANY_REQUESTS
    assert refused.try_again_at is not None
    assert timedelta(0) <= refused.try_again_at - (began + timedelta(hours=1)) < timedelta(minutes=1)
    till.later(timedelta(hours=1))
    till.hand_in(sixth, ask())
    assert till.reasons() == [Reason.TOO_MANY_REQUESTS] * 2  # final for its id
    assert len(till.told(TopUpRequested)) == 7


@pytest.mark.rule("B13")
def test_what_was_said_about_caps_is_never_changed(till: Till) -> None:
    till.hand_in(cap(workspace_day_minor=1))
    for statement in ("UPDATE spending_caps SET workspace_day_minor = 2", "DELETE FROM spending_caps"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege), till.transaction() as connection:
            connection.execute(statement)


def _states(till: Till) -> list[str]:
    with till.transaction() as connection:
        return [state for (state,) in connection.execute("SELECT state FROM payments")]
