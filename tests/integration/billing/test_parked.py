"""A payment that waits for a person: listed, looked up, ended where the processor never had it (B10)."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from services.billing.handlers.timers import CHARGE, REVIEW, SETTLE
from shared.contracts.reasons import Reason
from shared.contracts.reconciliation import (
    ListParkedPayments,
    ParkedPaymentReviewed,
    ParkedPaymentsListed,
    ReviewParkedPayment,
)
from shared.contracts.top_up_events import CommandRefused, PurchaseCancelled, PurchasePaid, RequestReleased
from tests.integration.billing.messages import ask, buy
from tests.integration.billing.till import Till


def review(purchase_id: str, deed: str = "end", **changes: object) -> ReviewParkedPayment:
    said = {
        "workspace_id": "acme",
        "operator_id": "opal",
        "purchase_id": purchase_id,
        "review_id": str(uuid4()),
        "deed": deed,
        "reason": "Ticket 1",
    }
    return ReviewParkedPayment.model_validate({**said, **changes})


def parked_without_a_trace(till: Till, **changes: str) -> str:
    """Its first call was lost before it reached the processor, and nobody could look for a day."""
    till.sandbox.fault(stage="before", action="reset")
    command = buy(**changes)
    till.hand_in(command)
    till.turn(CHARGE)
    till.later(timedelta(hours=24))
    till.turn(CHARGE)
    assert till.state("payments", command.purchase_id) == "parked"
    return command.purchase_id


@pytest.mark.rule("B10")
def test_of_which_nothing_is_there_is_ended_by_an_operator_and_never_charged(till: Till) -> None:
    request = ask()
    till.hand_in(request)
    purchase_id = parked_without_a_trace(till, request_id=request.request_id)
    (listed,) = till.hand_in(ListParkedPayments(list_id=str(uuid4()), operator_id="opal"))
    assert isinstance(listed.message, ParkedPaymentsListed)
    (one,) = listed.message.payments
    assert (one.purchase_id, listed.message.total, one.payment_intent_id) == (purchase_id, 1, None)
    assert one.ends_from is not None
    assert one.ends_from < till.now()
    command = review(purchase_id)
    till.hand_in(command)
    till.call_and_die(REVIEW)
    till.turn(REVIEW)
    (reviewed,) = till.told(ParkedPaymentReviewed)
    assert (reviewed.shown, reviewed.state) == ("nothing", "cancelled")
    assert till.state("payments", purchase_id) == "cancelled"
    assert (len(till.told(PurchaseCancelled)), len(till.told(RequestReleased))) == (1, 1)
    (again,) = till.hand_in(command)
    assert again.message == reviewed
    till.later(timedelta(hours=2))
    till.settle_everything()
    assert till.charges() == []


@pytest.mark.rule("B10")
def test_what_is_there_after_all_is_never_ended(till: Till) -> None:
    """Its answer was lost, and so was every look since: ending finds it paid."""
    till.sandbox.fault(stage="after", action="reset")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    with till.admin() as connection:
        connection.execute("UPDATE payments SET state = 'parked'")
        connection.execute("UPDATE purchases SET state = 'parked'")
    till.later(timedelta(hours=24))
    till.hand_in(review(command.purchase_id))
    till.turn(REVIEW)
    (reviewed,) = till.told(ParkedPaymentReviewed)
    assert (reviewed.shown, reviewed.state) == ("succeeded", "paid")
    assert len(till.told(PurchasePaid)) == len(till.charges()) == 1


@pytest.mark.rule("B10")
def test_what_stands_there_unpaid_is_cancelled_there_first_then_looked_up(till: Till) -> None:
    till.save_method("pm_3ds")
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    with till.admin() as connection:
        connection.execute("UPDATE payments SET state = 'parked'")
        connection.execute("UPDATE purchases SET state = 'parked'")
    till.later(timedelta(hours=24))
    till.hand_in(review(command.purchase_id))
    till.turn(REVIEW)
    (refused,) = till.told(CommandRefused)
    assert (refused.reason, refused.purchase_id) == (Reason.PAYMENT_IS_THERE, command.purchase_id)
    assert till.state("payments", command.purchase_id) == "parked"


@pytest.mark.rule("B10")
def test_a_review_waits_for_a_processor_that_is_away_and_answers_then(till: Till) -> None:
    purchase_id = parked_without_a_trace(till)
    till.sandbox.fault(method="GET", path="/v1/*", status=503)
    till.hand_in(review(purchase_id, "look_up"))
    till.turn(REVIEW)
    assert till.told(ParkedPaymentReviewed) == []
    till.wait_for_retry()
    till.turn(REVIEW)
    (reviewed,) = till.told(ParkedPaymentReviewed)
    assert (reviewed.shown, reviewed.state) == ("nothing", "parked")
    assert till.due_in(SETTLE, purchase_id) is not None


@pytest.mark.rule("B10")
def test_what_cannot_be_reviewed_is_refused_with_its_reason(till: Till) -> None:
    fine = buy()
    till.hand_in(fine)
    till.turn(CHARGE)
    young = buy()
    till.hand_in(young)
    with till.admin() as connection:
        connection.execute("UPDATE payments SET state = 'parked' WHERE purchase_id = %s", (young.purchase_id,))
    command = review(young.purchase_id, "look_up")
    till.hand_in(
        review(fine.purchase_id),
        review(young.purchase_id),
        command,
        command.model_copy(update={"deed": "end"}),
    )
    till.hand_in(review(str(uuid4())), review(young.purchase_id, workspace_id="other"), waited=True)
    assert till.reasons() == [
        Reason.PAYMENT_NOT_PARKED,
        Reason.PAYMENT_MAY_STILL_COME,
        Reason.REVIEW_ID_REUSED,
        Reason.UNKNOWN_PURCHASE,
        Reason.UNKNOWN_PURCHASE,
    ]
    (early,) = [each for each in till.told(CommandRefused) if each.reason is Reason.PAYMENT_MAY_STILL_COME]
    assert early.try_again_at is not None
