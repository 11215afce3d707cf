"""The database is one of ten minutes ago: a real worker adopts what was paid since (case 12)."""

from __future__ import annotations

import pytest

from shared.contracts.top_up_events import CommandRefused, PurchasePaid
from tests.fault.billing.shop import Shop
from tests.integration.billing.messages import buy, member, workspace


@pytest.mark.rule("B7", "B8")
@pytest.mark.case(12, 17)
@pytest.mark.timeout(300)
def test_restored_while_the_processor_is_away_and_the_plan_was_lowered_it_waits_and_adopts(shop: Shop) -> None:
    shop.open()
    command = buy()
    shop.worker.start()
    shop.say(command)
    shop.wait_for("paid", command)
    shop.wait_until_quiet()
    shop.close_for_the_day()
    shop.execute_as_admin(
        "TRUNCATE payment_attempts, payments, purchase_lines, purchases, timers CASCADE;"
        "UPDATE offsets SET next_offset = 0 WHERE lane IN ('commands', 'outcomes');"
        "UPDATE processor_listing SET single = single"  # the same row, written anew
    )
    shop.say(workspace(version=2, plan="free"), member("adam", "editor", version=2))
    shop.sandbox.fault(method="GET", path="/v1/payment_intents", times=2, status=503)
    shop.worker.start()
    shop.wait_for("paid", command)
    shop.wait_until_quiet()
    assert shop.charges() == shop.told(PurchasePaid) == {command.purchase_id: 1}
    assert shop.told(CommandRefused) == {}
    assert "purchases_wait" in shop.worker.log.read_text()
    shop.close_for_the_day()
