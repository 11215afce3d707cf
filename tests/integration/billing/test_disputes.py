"""Disputes as the processor shows them, told in the order of their story and each word once (B12).

The ledger's part of it, what becomes of the credits, is shown where both run.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.billing.handlers.timers import CHARGE, DISPUTES, REFUND
from shared.contracts.reasons import Reason
from shared.contracts.recalls import RecallClosed, RecallOpened
from shared.contracts.refunds import (
    DisputeClosed,
    DisputeFundsMoved,
    PurchaseDisputed,
    RefundAccepted,
    RefundFailed,
)
from shared.contracts.top_up_events import PurchasePaid
from tests.integration.billing.messages import buy, credited
from tests.integration.billing.test_refunds import PRICE, by_member, by_operator, freeze, purchased
from tests.integration.billing.till import Till

CREATED, CLOSED = "charge.dispute.created", "charge.dispute.closed"


def hear(till: Till, purchase_id: str, kind: str = CREATED) -> None:
    till.hear(kind, till.intent_of(purchase_id))
    till.turn(DISPUTES)


def open_dispute(till: Till, purchase_id: str) -> str:
    return str(till.sandbox.open_dispute(till.intent_of(purchase_id))["id"])


def story(till: Till) -> list[str]:
    """What was said of disputes, by its type."""
    kinds = (PurchaseDisputed, RecallOpened, DisputeFundsMoved, DisputeClosed, RecallClosed)
    return [type(each.message).__name__ for each in till.said if isinstance(each.message, kinds)]


OPENED = ["PurchaseDisputed", "RecallOpened", "DisputeFundsMoved"]
ENDED = ["DisputeClosed", "RecallClosed"]


@pytest.mark.rule("B12")
def test_a_dispute_freezes_every_line_and_lost_takes_them_back(till: Till) -> None:
    purchase_id = purchased(till)
    dispute_id = open_dispute(till, purchase_id)
    hear(till, purchase_id)
    (told,) = till.told(PurchaseDisputed)
    assert (told.dispute_id, told.amount_minor, told.buyer_id) == (dispute_id, 2 * PRICE, "adam")
    (opened,) = till.told(RecallOpened)
    assert (opened.cause, opened.untouched_only) == ("dispute", False)
    assert {lot.user_id for lot in opened.lots} == {"erin", "gina"}
    with capture_logs() as logged:
        freeze(till, opened.recall_id)
    assert (logged, till.parked, till.due(REFUND)) == ([], [], [])

    till.sandbox.end_dispute(dispute_id, "lost")
    hear(till, purchase_id, CLOSED)
    (closed,) = till.told(RecallClosed)
    assert (closed.recall_id, closed.verdict, closed.step, closed.lots) == (
        opened.recall_id,
        "take_back",
        1,
        opened.lots,
    )
    assert story(till) == OPENED + ENDED


@pytest.mark.rule("B12")
def test_won_gives_back_and_no_repeated_webhook_tells_anything_new(till: Till) -> None:
    purchase_id = purchased(till)
    dispute_id = open_dispute(till, purchase_id)
    intent = till.intent_of(purchase_id)
    assert till.hear(CREATED, intent, "evt_same")
    assert not till.hear(CREATED, intent, "evt_same")
    till.turn(DISPUTES)
    hear(till, purchase_id)
    till.sandbox.end_dispute(dispute_id, "won")
    for kind in (CLOSED, CREATED, "charge.dispute.funds_reinstated", CLOSED):
        hear(till, purchase_id, kind)

    assert [(closed.verdict, closed.step) for closed in till.told(RecallClosed)] == [("give_back", 1)]
    assert [closed.outcome for closed in till.told(DisputeClosed)] == ["won"]
    assert story(till) == [*OPENED, *ENDED, "DisputeFundsMoved"]
    assert [each.moved for each in till.told(DisputeFundsMoved)] == ["withdrawn", "reinstated"]
    till.hand_in(by_member(purchase_id))
    assert len(till.told(RefundAccepted)) == 1, "won, it may be refunded"


@pytest.mark.rule("B12")
def test_first_seen_when_it_was_lost_it_is_told_from_its_beginning(till: Till) -> None:
    purchase_id = purchased(till)
    till.sandbox.end_dispute(open_dispute(till, purchase_id), "lost")
    hear(till, purchase_id, CLOSED)
    assert story(till) == OPENED + ENDED


@pytest.mark.rule("B12")
def test_with_all_later_webhooks_lost_its_end_is_read_by_the_clock(till: Till) -> None:
    purchase_id = purchased(till)
    dispute_id = open_dispute(till, purchase_id)
    hear(till, purchase_id)
    till.sandbox.end_dispute(dispute_id, "lost")
    till.later(timedelta(hours=7))
    till.turn(DISPUTES)
    assert story(till) == OPENED + ENDED
    assert till.due_in(DISPUTES, purchase_id) is None


@pytest.mark.rule("B12")
def test_heard_of_before_its_purchase_is_credited_it_is_told_after_that(till: Till) -> None:
    """The bank may be faster than the answer to the charge: not even the intent is known to us then."""
    till.save_method("pm_card_createDispute")
    command = buy()
    till.hand_in(command)
    till.call_and_die(CHARGE)
    (disputed,) = [line for line in till.sandbox.journal() if line["effect"] == "dispute_opened"]
    with capture_logs() as logged:
        till.hear(CREATED, str(disputed["payment_intent"]))
    assert [entry["event"] for entry in logged] == ["webhook_of_unknown_purchase"]
    till.turn(CHARGE)
    hear(till, command.purchase_id)
    assert story(till) == []
    (paid,) = till.told(PurchasePaid)
    till.hand_in(credited(paid))
    till.turn(DISPUTES)
    assert story(till) == OPENED


@pytest.mark.rule("B12")
def test_bad_input_a_dispute_of_an_unknown_charge_is_said_and_nothing_else(till: Till) -> None:
    purchased(till)
    with capture_logs() as logged:
        assert till.hear(CREATED, "pi_of_another_shop")
    assert [(entry["event"], entry["log_level"]) for entry in logged] == [("webhook_of_unknown_purchase", "error")]
    assert (till.due(DISPUTES), story(till)) == ([], [])


@pytest.mark.rule("B12")
def test_killed_after_the_reading_it_is_told_once(till: Till) -> None:
    purchase_id = purchased(till)
    open_dispute(till, purchase_id)
    till.hear(CREATED, till.intent_of(purchase_id))
    till.call_and_die(DISPUTES)
    assert story(till) == []
    till.turn(DISPUTES)
    assert story(till) == OPENED


@pytest.mark.rule("B12")
def test_what_could_not_be_read_is_read_again(till: Till) -> None:
    purchase_id = purchased(till)
    open_dispute(till, purchase_id)
    till.sandbox.fault(method="GET", action="reset", path="/v1/disputes*")
    hear(till, purchase_id)
    assert story(till) == []
    till.later(timedelta(minutes=2))
    till.turn(DISPUTES)
    assert story(till) == OPENED


@pytest.mark.rule("B12")
@pytest.mark.parametrize("end", [None, "lost"])
def test_what_is_disputed_or_lost_is_not_refunded(till: Till, end: str | None) -> None:
    purchase_id = purchased(till)
    dispute_id = open_dispute(till, purchase_id)
    if end is not None:
        till.sandbox.end_dispute(dispute_id, "lost")
    hear(till, purchase_id)
    till.hand_in(by_member(purchase_id), by_operator(purchase_id))
    assert till.reasons() == [Reason.PURCHASE_DISPUTED, Reason.PURCHASE_DISPUTED]


@pytest.mark.rule("B12")
def test_a_refund_that_meets_a_dispute_fails_and_has_it_read(till: Till) -> None:
    purchase_id = purchased(till)
    command = by_member(purchase_id, "erin")
    till.hand_in(command)
    freeze(till, command.refund_id)
    open_dispute(till, purchase_id)
    till.turn(REFUND)
    till.turn(DISPUTES)
    assert [told.reason for told in till.told(RefundFailed)] == [Reason.PURCHASE_DISPUTED]
    assert {lot.user_id for lot in till.told(RecallOpened)[-1].lots} == {"erin", "gina"}


@pytest.mark.rule("B12")
def test_a_refunded_line_is_not_called_back_once_more(till: Till) -> None:
    purchase_id = purchased(till)
    command = by_member(purchase_id, "erin")
    till.hand_in(command)
    freeze(till, command.refund_id)
    till.turn(REFUND)
    open_dispute(till, purchase_id)
    hear(till, purchase_id)
    assert [lot.user_id for lot in till.told(RecallOpened)[-1].lots] == ["gina"]
