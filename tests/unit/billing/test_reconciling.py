"""Which side is right about what, and who can mend it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.billing.domain.payment import PaymentState
from services.billing.domain.reconciling import (
    OF_INTENT,
    OF_REFUND,
    About,
    Ours,
    Theirs,
    Verdict,
    doubts,
    judge,
)
from services.billing.domain.refund import RefundState
from shared.contracts.reconciliation import FINDING_REMEDIES, FindingKind

PURCHASE = "0198c0de-0000-7000-8000-000000000002"
REFUND = "0198c0de-0000-7000-8000-000000000007"
OURS = Ours(About.PAYMENT, PURCHASE, "acme", "succeeded", 1_500, "eur", None, "pi_1", "pi_1", "cus_acme")
THEIRS = Theirs(About.PAYMENT, "pi_1", "succeeded", 1_500, "eur", "pi_1", PURCHASE, "acme", None, "cus_acme")
OUR_REFUND = Ours(About.REFUND, PURCHASE, "acme", "succeeded", 1_500, "eur", REFUND, "re_1", "pi_1")
THEIR_REFUND = Theirs(About.REFUND, "re_1", "succeeded", 1_500, "eur", "pi_1", refund_id=REFUND)
DISPUTE = Theirs(About.DISPUTE, "dp_1", "needs_response", 1_500, "eur", "pi_1")
OUR_DISPUTE = Ours(About.DISPUTE, PURCHASE, "acme", "open", 1_500, "eur", None, "dp_1", "pi_1")


@pytest.mark.rule("B10", "B12")
@pytest.mark.parametrize("state", ["open", "won", "lost"])
@pytest.mark.parametrize(("status", "means"), [("needs_response", "open"), ("won", "won"), ("lost", "lost")])
def test_a_dispute_is_where_it_is_there_or_is_read(state: str, status: str, means: str) -> None:
    agree = Verdict.SAME if state == means else Verdict.WAKE
    assert judge(replace(DISPUTE, status=status), replace(OUR_DISPUTE, state=state)).verdict is agree
    assert judge(replace(DISPUTE, status=status), OURS).verdict is Verdict.WAKE


@pytest.mark.rule("B10")
@pytest.mark.parametrize("status", sorted(OF_INTENT))
@pytest.mark.parametrize("state", list(PaymentState))
def test_money_that_moved_there_and_not_here_is_read_or_told_but_never_passed_over(
    state: PaymentState, status: str
) -> None:
    """Every pair of states: the two that mean the same agree, money on one side alone never does."""
    judgement = judge(replace(THEIRS, status=status), replace(OURS, state=state))
    if state is PaymentState.SUCCEEDED:
        assert (judgement.verdict is Verdict.SAME) == (status == "succeeded")
        assert judgement.kind in (None, FindingKind.PAID_HERE_ONLY)
    elif state is PaymentState.CANCELLED:
        took = status in ("succeeded", "processing", "requires_action", "requires_capture")
        assert judgement.kind == (FindingKind.PAID_AND_CANCELLED_HERE if took else None)
    elif status in ("succeeded", "canceled"):
        assert judgement.verdict is Verdict.WAKE
    else:
        assert judgement.verdict in (Verdict.SAME, Verdict.WAKE)


@pytest.mark.rule("B10", "B11")
@pytest.mark.parametrize("status", sorted(OF_REFUND))
@pytest.mark.parametrize("state", list(RefundState))
def test_a_refund_is_where_it_is_there_or_is_read_or_told(state: RefundState, status: str) -> None:
    judgement = judge(replace(THEIR_REFUND, status=status), replace(OUR_REFUND, state=state))
    failed_there = status in ("failed", "canceled")
    if state in (RefundState.FAILED, RefundState.ACCEPTED):
        assert judgement.kind == (None if failed_there else FindingKind.REFUNDED_AND_NOT_HERE)
    elif state is RefundState.SUCCEEDED:
        assert judgement.verdict is (Verdict.WAKE if failed_there else Verdict.SAME)
    elif state is RefundState.PENDING:
        pending = status in ("pending", "requires_action")
        assert judgement.verdict is (Verdict.SAME if pending else Verdict.WAKE)
    else:
        assert judgement.verdict is Verdict.WAKE


@pytest.mark.rule("B10")
@pytest.mark.parametrize("state", ["created", "charging", "unknown"])
def test_what_is_under_way_is_left_to_itself_while_a_timer_waits_for_it(state: str) -> None:
    assert judge(THEIRS, replace(OURS, state=state, tended=True)).verdict is Verdict.SAME
    assert judge(THEIRS, replace(OURS, state=state, tended=False)).verdict is Verdict.WAKE


@pytest.mark.rule("B10")
@pytest.mark.parametrize(
    ("theirs", "ours", "kind"),
    [
        (replace(THEIRS, amount_minor=15), OURS, FindingKind.PAYMENT_DIFFERS),
        (replace(THEIRS, currency="usd"), OURS, FindingKind.PAYMENT_DIFFERS),
        (replace(THEIRS, customer_id="cus_other"), OURS, FindingKind.PAYMENT_DIFFERS),
        (replace(THEIRS, workspace_id="other"), OURS, FindingKind.PAYMENT_DIFFERS),
        (replace(THEIRS, processor_id="pi_2"), OURS, FindingKind.SECOND_PAYMENT),
        (replace(THEIRS, status="on_hold"), OURS, FindingKind.UNKNOWN_STATUS),
        (THEIRS, None, FindingKind.PAYMENT_WITHOUT_PURCHASE),
        (replace(THEIRS, status="canceled"), None, None),
        (replace(THEIRS, processor_id="pi_2", status="canceled"), OURS, None),
        (replace(THEIRS, purchase_id=None, workspace_id=None), None, None),
        (replace(THEIR_REFUND, amount_minor=1), OUR_REFUND, FindingKind.REFUND_DIFFERS),
        (replace(THEIR_REFUND, status="on_hold"), OUR_REFUND, FindingKind.UNKNOWN_STATUS),
        (THEIR_REFUND, None, FindingKind.REFUND_UNKNOWN_HERE),
        (replace(THEIR_REFUND, refund_id=None), replace(OURS, state="cancelled"), FindingKind.REFUND_MADE_THERE),
        (replace(THEIR_REFUND, refund_id=None, status="on_hold"), OURS, FindingKind.UNKNOWN_STATUS),
        (replace(THEIR_REFUND, refund_id=None), None, None),
        (DISPUTE, replace(OURS, state="cancelled"), FindingKind.DISPUTE_NOT_RECORDED),
        (replace(DISPUTE, status="on_hold"), OURS, FindingKind.UNKNOWN_STATUS),
        (DISPUTE, None, None),
        (replace(DISPUTE, status="warning_needs_response"), OURS, None),
    ],
)
def test_what_only_a_person_can_decide_is_told_by_its_name(
    theirs: Theirs, ours: Ours | None, kind: FindingKind | None
) -> None:
    assert judge(theirs, ours).kind == kind


@pytest.mark.rule("B10")
def test_ours_that_they_do_not_show_is_missing_there() -> None:
    assert [doubt.judgement.kind for doubt in doubts([], [OURS, OUR_REFUND])] == [
        FindingKind.PAYMENT_MISSING_THERE,
        FindingKind.REFUND_MISSING_THERE,
    ]
    assert doubts([], [replace(OURS, state="declined"), replace(OURS, state="unknown", processor_id=None)]) == []


def test_every_finding_says_what_to_do() -> None:
    assert set(FINDING_REMEDIES) == set(FindingKind)
