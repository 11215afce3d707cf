"""The worker is killed with kill -9 at every border of a payment: one charge, paid once, by the processor's journal."""

from __future__ import annotations

from collections import Counter

import httpx
import pytest

from deploy.local.waiting import wait_until
from services.billing.endpoint.webhooks import STORED
from services.billing.handlers.cancel import AFTER_STRIPE as CANCEL_AFTER_STRIPE
from services.billing.handlers.charge import AFTER_STRIPE, BEFORE_STRIPE
from services.billing.handlers.settle import AFTER_STRIPE as SETTLE_AFTER_STRIPE
from shared.contracts.top_up_events import (
    PurchaseActionRequired,
    PurchaseCancelled,
    PurchaseDeclined,
    PurchasePaid,
    PurchaseStatus,
    RequestReleased,
)
from shared.messaging.borders import Border
from shared.messaging.errands import ErrandBorder
from tests.fault.billing.shop import PATIENCE_S, Shop
from tests.integration.billing.messages import ask, buy, retry

# From the command to the published outcome, in order.
CHARGE_BORDERS = (
    Border.LANE_BEFORE_COMMIT,
    Border.LANE_AFTER_COMMIT,
    ErrandBorder.AFTER_PREPARE,
    BEFORE_STRIPE,
    AFTER_STRIPE,
    ErrandBorder.AFTER_PERFORM,
    ErrandBorder.BEFORE_COMMIT,
    ErrandBorder.AFTER_COMMIT,
    Border.RELAY_SENT,
)


@pytest.mark.rule("B6", "B7", "B10")
@pytest.mark.case(1, 2)
@pytest.mark.timeout(400)  # a start of a worker for each border
def test_killed_at_every_border_of_a_charge_each_purchase_is_one_charge_and_paid_once(shop: Shop) -> None:
    """Each worker finds what the one before left behind, and is killed in its turn; the last one finishes all."""
    shop.open()
    bought = []
    for border in CHARGE_BORDERS:
        dying = shop.start_to_die(border)
        bought.append(buy())
        shop.say(bought[-1])
        shop.wait_for_kill(dying)
    shop.worker.start()
    for command in bought:
        shop.wait_for("paid", command)
    shop.wait_until_quiet()
    assert shop.charges() == shop.told(PurchasePaid) == Counter(command.purchase_id for command in bought)
    shop.close_for_the_day()


@pytest.mark.rule("B9")
@pytest.mark.case(1, 13, 15)
@pytest.mark.timeout(400)
def test_killed_while_a_buyer_authenticates_it_is_one_charge_and_paid_once(shop: Shop) -> None:
    shop.open("pm_3ds")
    bought = []
    for border in (STORED, SETTLE_AFTER_STRIPE):
        shop.sandbox.webhooks(hold=True)
        dying = shop.start_to_die(border)
        command = buy()
        bought.append(command.purchase_id)
        shop.say(command)
        shop.wait_for("action_required", command)
        link = f"{shop.world.environment['REFILL_BILLING_PUBLIC_URL']}/purchases/{command.purchase_id}/authenticate"
        with httpx.Client(trust_env=False, follow_redirects=False) as browser:
            page = browser.get(link)
        assert page.status_code == 303
        shop.sandbox.complete_authentication(page.headers["location"])
        shop.sandbox.release_webhooks("shuffled")
        shop.sandbox.webhooks(copies=3)
        shop.wait_for_kill(dying)
        shop.worker.start()
        shop.wait_for("paid", command)
        wait_until(shop.sandbox.webhooks_idle, PATIENCE_S, "every webhook taken")
        shop.wait_until_quiet()
        shop.close_for_the_day()
    assert shop.charges() == shop.told(PurchasePaid) == shop.told(PurchaseActionRequired) == Counter(bought)


@pytest.mark.rule("B9")
@pytest.mark.case(1)
@pytest.mark.timeout(400)
def test_killed_between_a_decline_or_a_second_attempt_and_our_record_it_is_one_of_each(shop: Shop) -> None:
    shop.open("pm_bad")
    command = buy()
    for state, said in (("declined", command), ("paid", retry(command))):
        dying = shop.start_to_die(AFTER_STRIPE)
        shop.say(said)
        shop.wait_for_kill(dying)
        shop.worker.start()
        shop.wait_for(state, command)
        shop.wait_until_quiet()
        shop.close_for_the_day()
    assert shop.told(PurchaseDeclined) == shop.told(PurchasePaid) == shop.charges() == {command.purchase_id: 1}
    assert len({line["payment_intent"] for line in shop.sandbox.journal()}) == 1


@pytest.mark.rule("A4")
@pytest.mark.case(1)
@pytest.mark.timeout(400)
def test_killed_while_cancelling_the_request_is_freed_once_and_only_when_it_is_confirmed(shop: Shop) -> None:
    shop.open("pm_3ds")
    request = ask()
    command = buy(request_id=request.request_id)
    dying = shop.start_to_die(CANCEL_AFTER_STRIPE)
    shop.say(request, command)
    shop.wait_for("action_required", command)
    shop.execute_as_admin("UPDATE timers SET due_at = now() WHERE kind = 'unpaid'; NOTIFY timers_billing")
    shop.wait_for_kill(dying)
    assert shop.told(RequestReleased) == {}
    shop.worker.start()
    shop.wait_for("cancelled", command)
    shop.wait_until_quiet()
    assert shop.told(RequestReleased) == shop.told(PurchaseCancelled) == {command.purchase_id: 1}
    assert shop.charges() == {}
    shop.close_for_the_day()


@pytest.mark.rule("B7")
@pytest.mark.case(4)
@pytest.mark.timeout(300)
def test_delivered_many_times_over_all_partitions_to_two_workers_it_is_one_purchase(shop: Shop) -> None:
    shop.open()
    command = buy()
    shop.worker.start()
    other = shop.second_worker()
    copies = 24
    shop.say_unkeyed(command, copies)
    shop.wait_for("paid", command)
    wait_until(lambda: shop.told(PurchaseStatus)[command.purchase_id] == copies - 1, PATIENCE_S, "every copy answered")
    assert shop.charges() == shop.told(PurchasePaid) == {command.purchase_id: 1}
    assert other.stop() == 0
    shop.close_for_the_day()
