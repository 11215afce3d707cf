"""Refunds of whole lines: proposed, frozen by the ledger, refunded by the processor, then taken back (B11).

The ledger's answers are handed in by the tests; that it gives them is shown where both run.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from services.billing.handlers.timers import CHARGE, REFUND
from shared.contracts.operator_commands import OperatorRefund, ProposeOperatorRefund
from shared.contracts.reasons import Reason
from shared.contracts.recalls import (
    FreezeRefused,
    LotsAppraisalAsked,
    LotsAppraised,
    LotStanding,
    PurchaseFrozen,
    RecallClosed,
    RecalledLot,
    RecallOpened,
)
from shared.contracts.refunds import (
    ProposeRefund,
    PurchaseRefunded,
    RefundAccepted,
    RefundFailed,
    RefundProposed,
    RefundPurchase,
)
from shared.contracts.top_up_events import PurchasePaid
from tests.integration.billing.messages import buy, credited
from tests.integration.billing.till import KilledError, Till

PRICE = 1_500  # of one line; a purchase of the tests has two: erin's and gina's


def purchased(till: Till, method: str = "pm_good") -> str:
    """A purchase that is paid and credited."""
    if method != "pm_good":
        till.save_method(method)
    command = buy()
    till.hand_in(command)
    till.turn(CHARGE)
    (paid,) = [paid for paid in till.told(PurchasePaid) if paid.purchase_id == command.purchase_id]
    till.hand_in(credited(paid))
    return command.purchase_id


def by_member(of: str, *user_ids: str, **changes: Any) -> RefundPurchase:
    said: dict[str, Any] = {
        "workspace_id": "acme",
        "actor_id": "adam",
        "purchase_id": of,
        "refund_id": str(uuid4()),
        "user_ids": user_ids or None,
        "amount_minor": PRICE * (len(user_ids) or 2),
    }
    return RefundPurchase(**{**said, **changes})


def by_operator(purchase_id: str, *user_ids: str, **changes: Any) -> OperatorRefund:
    said: dict[str, Any] = {
        "workspace_id": "acme",
        "operator_id": "opal",
        "purchase_id": purchase_id,
        "refund_id": str(uuid4()),
        "user_ids": user_ids or None,
        "amount_minor": PRICE * (len(user_ids) or 2),
        "reason": "Ticket 1",
    }
    return OperatorRefund(**{**said, **changes})


def standing(lot: RecalledLot, spent: int = 0) -> LotStanding:
    return LotStanding(
        user_id=lot.user_id, lot_id=lot.lot_id, credits=3_000, unspent=3_000 - spent, held=0, spent=spent
    )


def freeze(till: Till, refund_id: str) -> PurchaseFrozen:
    """The ledger has frozen what the recall names."""
    (opened,) = [each for each in till.told(RecallOpened) if each.recall_id == refund_id]
    frozen = PurchaseFrozen(
        workspace_id="acme",
        purchase_id=opened.purchase_id,
        recall_id=refund_id,
        lots=tuple(standing(lot) for lot in opened.lots),
    )
    till.hand_in(frozen)
    return frozen


def given_back(till: Till) -> list[int]:
    """What the processor's journal says went back, in minor units: the oracle."""
    return [int(str(line["amount_minor"])) for line in till.sandbox.journal() if line["effect"] == "refund_succeeded"]


@pytest.mark.rule("B11")
def test_a_whole_purchase_is_frozen_refunded_and_then_taken_back(till: Till) -> None:
    purchase_id = purchased(till)
    command = by_member(purchase_id)
    till.hand_in(command)
    (accepted,) = till.told(RefundAccepted)
    assert (accepted.by, set(accepted.user_ids), accepted.amount_minor) == ("member", {"erin", "gina"}, 2 * PRICE)
    (opened,) = till.told(RecallOpened)
    assert opened.untouched_only
    assert till.due(REFUND) == [], "no money moves before the credits are frozen"

    freeze(till, command.refund_id)
    till.turn(REFUND)

    (told,) = till.told(PurchaseRefunded)
    assert (told.refunded_minor, told.buyer_id, told.by) == (2 * PRICE, "adam", "member")
    (closed,) = till.told(RecallClosed)
    assert (closed.verdict, closed.step, {lot.user_id for lot in closed.lots}) == ("take_back", 1, {"erin", "gina"})
    assert given_back(till) == [2 * PRICE]


@pytest.mark.rule("B11")
def test_a_repeated_command_is_answered_alike_and_refunds_once(till: Till) -> None:
    command = by_member(purchased(till), "erin")
    first = till.hand_in(command)
    frozen = freeze(till, command.refund_id)
    till.turn(REFUND)
    again = till.hand_in(command, frozen)
    till.settle_everything()

    assert [outgoing.event_id for outgoing in again] == [first[0].event_id]
    assert given_back(till) == [PRICE]
    till.hand_in(by_member(command.purchase_id, "gina", refund_id=command.refund_id))
    assert till.reasons() == [Reason.REFUND_ID_REUSED]


@pytest.mark.rule("B11")
def test_lines_are_refunded_one_by_one_and_none_twice(till: Till) -> None:
    purchase_id = purchased(till)
    for user in ("erin", "gina"):
        command = by_member(purchase_id, user)
        till.hand_in(command)
        freeze(till, command.refund_id)
        till.turn(REFUND)
    till.hand_in(by_member(purchase_id, "erin"), by_operator(purchase_id))

    assert [told.refunded_minor for told in till.told(PurchaseRefunded)] == [PRICE, 2 * PRICE]
    assert till.reasons() == [Reason.ALREADY_REFUNDED, Reason.ALREADY_REFUNDED]
    assert given_back(till) == [PRICE, PRICE]


@pytest.mark.rule("B11")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount_minor": PRICE + 1}, Reason.REFUND_CHANGED),
        ({"user_ids": ("erin", "erin"), "amount_minor": 2 * PRICE}, Reason.LINE_NOT_IN_PURCHASE),
        ({"user_ids": ("emil",)}, Reason.LINE_NOT_IN_PURCHASE),
        ({"actor_id": "erin"}, Reason.NOT_ALLOWED_TO_REFUND),
        ({"purchase_id": str(uuid4())}, Reason.UNKNOWN_PURCHASE),
    ],
)
def test_what_cannot_be_refunded_is_refused_for_ever(till: Till, change: dict[str, Any], reason: Reason) -> None:
    purchase_id = purchased(till)
    command = by_member(purchase_id, "erin", **change)
    till.hand_in(command)
    till.hand_in(command)
    assert till.reasons() == [reason, reason]
    assert till.told(RefundAccepted) == []
    till.settle_everything()
    assert given_back(till) == []


@pytest.mark.rule("B11")
def test_what_is_not_credited_is_not_refunded(till: Till) -> None:
    command = buy()
    till.hand_in(command)
    till.hand_in(by_operator(command.purchase_id))
    assert till.reasons() == [Reason.PURCHASE_NOT_REFUNDABLE]
    till.turn(CHARGE)
    wanted = by_operator(command.purchase_id)
    till.hand_in(wanted)
    assert len(till.parked) == 1, "its credits are on their way"


@pytest.mark.rule("B11")
def test_what_the_ledger_does_not_freeze_is_not_refunded_and_may_be_tried_again(till: Till) -> None:
    purchase_id = purchased(till)
    command = by_member(purchase_id, "erin")
    till.hand_in(command)
    till.hand_in(
        FreezeRefused(
            workspace_id="acme",
            purchase_id=purchase_id,
            recall_id=command.refund_id,
            reason=Reason.LINE_TOUCHED,
            detail="Credits of this line were used.",
        )
    )
    (told,) = till.told(RefundFailed)
    assert told.reason is Reason.LINE_TOUCHED
    till.settle_everything()
    assert given_back(till) == []

    second = by_operator(purchase_id, "erin")
    till.hand_in(second)
    freeze(till, second.refund_id)
    till.turn(REFUND)
    assert not till.told(RecallOpened)[-1].untouched_only
    assert given_back(till) == [PRICE]


@pytest.mark.rule("B11")
def test_two_refunds_of_one_line_at_once_give_back_once(till: Till) -> None:
    """Handled by two workers at the same moment: the lock of the workspace lets one in first."""
    purchase_id = purchased(till)
    commands = [by_member(purchase_id), by_operator(purchase_id, "gina")]
    together = threading.Barrier(len(commands))

    def hand_in(command: RefundPurchase | OperatorRefund) -> None:
        together.wait()
        till.hand_in(command)

    threads = [threading.Thread(target=hand_in, args=(command,)) for command in commands]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (accepted,) = till.told(RefundAccepted)
    assert till.reasons() == [Reason.REFUND_IN_PROGRESS]
    freeze(till, accepted.refund_id)
    till.turn(REFUND)
    assert given_back(till) == [accepted.amount_minor]


@pytest.mark.rule("B11")
def test_the_database_itself_lets_no_line_be_refunded_twice(till: Till) -> None:
    command = by_member(purchased(till), "erin")
    till.hand_in(command)
    with pytest.raises(psycopg.errors.UniqueViolation), till.transaction() as connection:
        connection.execute(
            "INSERT INTO refund_lines (refund_id, purchase_id, user_id, lot_id, price_minor)"
            " SELECT gen_random_uuid(), purchase_id, user_id, lot_id, price_minor FROM refund_lines"
        )


@pytest.mark.rule("B11")
def test_a_refund_that_the_bank_refuses_later_gives_the_credits_back(till: Till) -> None:
    """Taken for done at first ("Failed refunds"): the money returns, and so do the credits."""
    purchase_id = purchased(till, "pm_refund_fails")
    command = by_member(purchase_id)
    till.hand_in(command)
    freeze(till, command.refund_id)
    till.turn(REFUND)
    (done,) = till.told(PurchaseRefunded)
    till.sandbox.settle(done.processor_refund_id)
    till.hear_of_refund(command.refund_id)
    till.turn(REFUND)

    assert [(closed.verdict, closed.step) for closed in till.told(RecallClosed)] == [("take_back", 1), ("give_back", 2)]
    (told,) = till.told(RefundFailed)
    assert told.reason is Reason.REFUND_REJECTED
    again = by_member(purchase_id)
    till.hand_in(again)
    assert len(till.told(RefundAccepted)) == 2, "the lines are free again"


@pytest.mark.rule("B11")
def test_a_pending_refund_is_told_when_the_bank_has_done_it(till: Till) -> None:
    command = by_member(purchased(till, "pm_refund_pends"), "erin")
    till.hand_in(command)
    freeze(till, command.refund_id)
    till.turn(REFUND)
    assert till.told(PurchaseRefunded) == []
    (made,) = [str(line["refund"]) for line in till.sandbox.journal() if line["effect"] == "refund_pending"]
    till.sandbox.settle(made)
    till.later(timedelta(minutes=20))
    till.turn(REFUND)
    assert [told.processor_refund_id for told in till.told(PurchaseRefunded)] == [made]


@pytest.mark.rule("B11")
@pytest.mark.parametrize("stage", ["before", "after"])
def test_a_lost_answer_ends_in_one_refund(till: Till, stage: str) -> None:
    command = by_member(purchased(till), "erin")
    till.hand_in(command)
    freeze(till, command.refund_id)
    till.sandbox.fault(stage=stage, action="reset", path="/v1/refunds")  # type: ignore[arg-type]
    till.turn(REFUND)
    for _ in range(3):
        till.wait_for_retry()
        till.turn(REFUND)
    assert len(till.told(PurchaseRefunded)) == len(given_back(till)) == 1


@pytest.mark.rule("B11")
@pytest.mark.parametrize("die", [Till.turn_and_die, Till.call_and_die], ids=["before the call", "after the call"])
def test_killed_around_the_call_it_is_refunded_once(till: Till, die: Callable[[Till, str], None]) -> None:
    command = by_member(purchased(till), "erin")
    till.hand_in(command)
    freeze(till, command.refund_id)
    with contextlib.suppress(KilledError):
        die(till, REFUND)
    till.turn(REFUND)
    assert len(till.told(PurchaseRefunded)) == len(given_back(till)) == 1


@pytest.mark.rule("B11")
def test_after_23_hours_it_is_only_looked_up_and_then_waits_for_a_person(till: Till) -> None:
    command = by_member(purchased(till), "erin")
    till.hand_in(command)
    freeze(till, command.refund_id)
    till.sandbox.fault(stage="before", action="reset", path="/v1/refunds")
    till.turn(REFUND)
    till.later(timedelta(hours=24))
    till.turn(REFUND)
    assert till.state_of_refund(command.refund_id) == "parked"
    assert till.told(RecallClosed) == [], "its credits stay frozen"
    assert given_back(till) == []


@pytest.mark.rule("B11")
def test_a_proposal_says_the_money_what_is_unspent_and_what_would_be_owed(till: Till) -> None:
    purchase_id = purchased(till)
    said = {"workspace_id": "acme", "purchase_id": purchase_id}
    till.hand_in(ProposeRefund.model_validate({**said, "actor_id": "olivia", "proposal_id": str(uuid4())}))
    (asked,) = till.told(LotsAppraisalAsked)
    erin, gina = asked.lots
    till.hand_in(
        LotsAppraised(
            workspace_id="acme",
            purchase_id=purchase_id,
            appraisal_id=asked.appraisal_id,
            lots=(standing(erin, spent=12), standing(gina)),
        )
    )
    (proposed,) = till.told(RefundProposed)
    assert (proposed.amount_minor, proposed.asked_by, proposed.owner_may) == (2 * PRICE, "olivia", False)
    assert [(line.user_id, line.becomes_debt) for line in proposed.lines] == [("erin", 12), ("gina", 0)]

    till.hand_in(
        ProposeRefund.model_validate({**said, "actor_id": "victor", "proposal_id": str(uuid4())}),
        ProposeOperatorRefund(
            workspace_id="acme", operator_id="opal", purchase_id=str(uuid4()), proposal_id=str(uuid4())
        ),
    )
    assert till.reasons() == [Reason.NOT_ALLOWED_TO_REFUND, Reason.UNKNOWN_PURCHASE]
