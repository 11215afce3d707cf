"""Refunds made in the processor's dashboard, told once; whose credits go with them is clear, or a person says it (B11).

The ledger's part of it, what becomes of the credits, is shown where both run.
"""

from __future__ import annotations

from typing import Any

import pytest
import stripe
from structlog.testing import capture_logs

from services.billing.handlers.mirror import refund_id_of
from services.billing.handlers.timers import CHARGE, MIRROR, REFUND
from shared.contracts.operator_commands import DecideRecall
from shared.contracts.reasons import Reason
from shared.contracts.recalls import RecallClosed, RecallDecided, RecallOpened
from shared.contracts.refunds import PurchaseRefunded, RefundAccepted, RefundFailed
from shared.contracts.top_up_events import PurchasePaid
from tests.integration.billing.messages import buy, credited
from tests.integration.billing.test_refunds import PRICE, by_member, by_operator, freeze, purchased
from tests.integration.billing.till import Till

WHOLE = 2 * PRICE


def in_the_dashboard(till: Till, purchase_id: str, amount_minor: int | None = None) -> str:
    """Somebody refunds at the processor; returns its id there."""
    client = stripe.StripeClient(
        till.settings.stripe_api_key.get_secret_value(), base_addresses={"api": till.settings.stripe_api_base or ""}
    )
    params: stripe.params.RefundCreateParams = {"payment_intent": till.intent_of(purchase_id)}
    if amount_minor is not None:
        params["amount"] = amount_minor
    return client.v1.refunds.create(params).id


def hear(till: Till, purchase_id: str, kind: str = "charge.refunded") -> None:
    till.hear(kind, till.intent_of(purchase_id))
    till.turn(MIRROR)


def decide(purchase_id: str, processor_refund_id: str, *user_ids: str, **changes: Any) -> DecideRecall:
    said: dict[str, Any] = {
        "workspace_id": "acme",
        "operator_id": "opal",
        "purchase_id": purchase_id,
        "recall_id": refund_id_of(processor_refund_id),
        "verdict": "take_back",
        "user_ids": user_ids or None,
        "reason": "Ticket 2",
    }
    return DecideRecall(**{**said, **changes})


def recalled(till: Till) -> list[tuple[str, set[str]]]:
    """What the ledger was told last of each recall: the verdict, and of whose lines."""
    return [(closed.verdict, {lot.user_id for lot in closed.lots}) for closed in till.told(RecallClosed)]


@pytest.mark.rule("B11")
def test_all_of_it_refunded_there_is_taken_back_and_told_once(till: Till) -> None:
    purchase_id = purchased(till)
    made = in_the_dashboard(till, purchase_id)
    for kind in ("refund.created", "charge.refunded", "refund.updated"):
        hear(till, purchase_id, kind)
    (told,) = till.told(PurchaseRefunded)
    assert (told.by, told.amount_minor, told.refunded_minor, told.processor_refund_id) == (
        "processor",
        WHOLE,
        WHOLE,
        made,
    )
    (opened,) = till.told(RecallOpened)
    assert (opened.cause, opened.recall_id, opened.untouched_only) == ("processor_refund", told.refund_id, False)
    assert recalled(till) == [("take_back", {"erin", "gina"})]
    till.hand_in(by_member(purchase_id, "erin"), by_operator(purchase_id))
    assert till.reasons() == [Reason.ALREADY_REFUNDED, Reason.ALREADY_REFUNDED]


@pytest.mark.rule("B11")
def test_what_is_left_after_a_refund_of_ours_is_clear_and_ours_is_not_mirrored(till: Till) -> None:
    purchase_id = purchased(till)
    command = by_member(purchase_id, "erin")
    till.hand_in(command)
    freeze(till, command.refund_id)
    till.turn(REFUND)
    hear(till, purchase_id)
    assert [told.by for told in till.told(PurchaseRefunded)] == ["member"]
    in_the_dashboard(till, purchase_id, PRICE)
    hear(till, purchase_id)
    assert [(told.by, told.refunded_minor) for told in till.told(PurchaseRefunded)] == [
        ("member", PRICE),
        ("processor", WHOLE),
    ]
    assert recalled(till) == [("take_back", {"erin"}), ("take_back", {"gina"})]


@pytest.mark.rule("B11")
def test_whose_credits_go_with_a_part_of_it_a_person_decides_once(till: Till) -> None:
    purchase_id = purchased(till)
    made = in_the_dashboard(till, purchase_id, PRICE)
    with capture_logs() as logged:
        hear(till, purchase_id)
    assert "refund_at_the_processor_needs_a_person" in [entry["event"] for entry in logged]
    (told,) = till.told(PurchaseRefunded)
    assert (told.user_ids, told.amount_minor, till.told(RecallOpened)) == ((), PRICE, [])

    command = decide(purchase_id, made, "gina")
    till.hand_in(command, command)
    assert [(said.verdict, said.user_ids, said.operator_id) for said in till.told(RecallDecided)] == [
        ("take_back", ("gina",), "opal")
    ] * 2
    assert recalled(till) == [("take_back", {"gina"})]
    till.hand_in(decide(purchase_id, made, "erin"), by_member(purchase_id, "gina"))
    assert till.reasons() == [Reason.RECALL_NOT_OPEN, Reason.ALREADY_REFUNDED]


@pytest.mark.rule("B11")
def test_a_favour_takes_nobodys_credits_and_leaves_less_to_refund(till: Till) -> None:
    purchase_id = purchased(till)
    made = in_the_dashboard(till, purchase_id, 100)
    hear(till, purchase_id)
    till.hand_in(decide(purchase_id, made, verdict="give_back"))
    assert ([said.verdict for said in till.told(RecallDecided)], recalled(till)) == (["give_back"], [])
    till.hand_in(by_operator(purchase_id))
    assert till.reasons() == [Reason.ALREADY_REFUNDED]
    till.hand_in(by_operator(purchase_id, "erin"))
    assert len(till.told(RefundAccepted)) == 1


@pytest.mark.rule("B11")
def test_in_parts_that_add_up_to_all_of_it_nobody_has_to_decide(till: Till) -> None:
    purchase_id = purchased(till)
    in_the_dashboard(till, purchase_id, 100)
    hear(till, purchase_id)
    assert recalled(till) == []
    in_the_dashboard(till, purchase_id)
    hear(till, purchase_id)
    assert recalled(till) == [("take_back", {"erin", "gina"})]
    assert [told.amount_minor for told in till.told(PurchaseRefunded)] == [100, WHOLE - 100]


@pytest.mark.rule("B11")
def test_one_that_failed_later_gives_back_and_frees_its_lines(till: Till) -> None:
    purchase_id = purchased(till, "pm_card_refundFail")
    made = in_the_dashboard(till, purchase_id)
    hear(till, purchase_id)
    till.sandbox.settle(made)
    hear(till, purchase_id, "refund.failed")
    hear(till, purchase_id, "refund.failed")
    assert recalled(till) == [("take_back", {"erin", "gina"}), ("give_back", {"erin", "gina"})]
    assert [failed.refund_id for failed in till.told(RefundFailed)] == [refund_id_of(made)]
    till.hand_in(by_member(purchase_id))
    assert len(till.told(RefundAccepted)) == 1


@pytest.mark.rule("B11")
def test_heard_of_before_its_purchase_is_credited_or_killed_while_reading_it_is_told_once_after_that(
    till: Till,
) -> None:
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    in_the_dashboard(till, command.purchase_id)
    hear(till, command.purchase_id)
    assert till.told(PurchaseRefunded) == []
    (paid,) = till.told(PurchasePaid)
    till.hand_in(credited(paid))
    till.call_and_die(MIRROR)
    assert till.told(PurchaseRefunded) == []
    till.turn(MIRROR)
    assert len(till.told(PurchaseRefunded)) == 1


@pytest.mark.rule("B11")
def test_of_two_at_once_the_processor_refuses_ours_and_all_is_taken_back_once(till: Till) -> None:
    purchase_id = purchased(till)
    command = by_operator(purchase_id)
    till.hand_in(command)
    freeze(till, command.refund_id)
    in_the_dashboard(till, purchase_id)
    till.turn(REFUND)
    till.turn(MIRROR)
    assert [failed.reason for failed in till.told(RefundFailed)] == [Reason.REFUND_REJECTED]
    assert recalled(till) == [("give_back", {"erin", "gina"}), ("take_back", {"erin", "gina"})]
    assert [told.by for told in till.told(PurchaseRefunded)] == ["processor"]


@pytest.mark.rule("B11")
def test_bad_input_to_a_decision_is_refused_with_its_reason(till: Till) -> None:
    purchase_id = purchased(till)
    made = in_the_dashboard(till, purchase_id, PRICE)
    hear(till, purchase_id)
    till.hand_in(
        decide(purchase_id, "re_unknown"),
        decide(purchase_id, made, workspace_id="other"),
        decide(purchase_id, made, "nobody"),
    )
    assert till.reasons() == [Reason.UNKNOWN_RECALL, Reason.UNKNOWN_RECALL, Reason.LINE_NOT_IN_PURCHASE]
    assert (till.told(RecallDecided), recalled(till)) == ([], [])
