"""Webhooks are lost and the worker is killed while it compares: the payment is healed once, and that is told once."""

from __future__ import annotations

from collections import Counter
from uuid import uuid4

import pytest

from deploy.local.waiting import wait_until
from services.billing.handlers.reconcile import AFTER_STRIPE
from services.cli.listening import Event, kept_events
from shared.contracts.catalog import BILLING_RECONCILIATION
from shared.contracts.reconciliation import ReconcilePayments, ReconciliationFinished
from shared.contracts.top_up_events import PurchasePaid
from shared.messaging.errands import ErrandBorder
from tests.fault.billing.shop import PATIENCE_S, Shop
from tests.integration.billing.messages import buy


def finished(shop: Shop) -> dict[str, Event]:
    """By the event's id: a repetition has the same."""
    return {event.envelope.id: event for event in kept_events(shop.kafka, [BILLING_RECONCILIATION])}


@pytest.mark.rule("B10")
@pytest.mark.case(1, 16)
@pytest.mark.timeout(400)
def test_killed_while_it_compares_a_payment_whose_webhook_was_lost_is_healed_and_told_once(shop: Shop) -> None:
    shop.open("pm_3ds")
    shop.sandbox.webhooks(drop=True)
    command = buy()
    shop.worker.start()
    shop.say(command)
    shop.wait_for("action_required", command)
    shop.close_for_the_day()
    # Nobody looks by himself any more today.
    shop.execute_as_admin("UPDATE timers SET due_at = due_at + interval '1 day' WHERE kind = 'settle'")
    shop.sandbox.complete_authentication(shop.intent_of(command))
    asked = ReconcilePayments(reconciliation_id=str(uuid4()), operator_id="opal")
    for border in (AFTER_STRIPE, ErrandBorder.BEFORE_COMMIT):
        dying = shop.start_to_die(border)
        shop.say(asked)  # the same again: it has one effect
        shop.wait_for_kill(dying)
    shop.worker.start()
    shop.wait_for("paid", command)
    wait_until(lambda: len(finished(shop)) > 0, PATIENCE_S, "the comparison is told")
    shop.wait_until_quiet()
    (told,) = finished(shop).values()
    assert isinstance(told.message, ReconciliationFinished)
    assert [each.purchase_id for each in told.message.healed] == [command.purchase_id]
    assert (told.message.findings_total, told.message.compared.payments) == (0, 1)
    assert shop.charges() == shop.told(PurchasePaid) == Counter([command.purchase_id])
    shop.close_for_the_day()
