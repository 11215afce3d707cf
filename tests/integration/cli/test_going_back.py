"""Refunds and operators' commands on a real broker, somebody else playing billing and the ledger."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from services.cli.listening import Event
from services.cli.outcome import Exit
from shared.contracts.catalog import (
    BILLING_OPERATOR_COMMANDS,
    LEDGER_ACCOUNT,
    LEDGER_ANSWERS,
    LEDGER_OPERATOR_COMMANDS,
    TOP_UP,
)
from shared.contracts.credit_ledger import CreditsGranted
from shared.contracts.documents.example_names import GRANT_ID, PURCHASE_ID, REFUND_ID
from shared.contracts.documents.examples import EXAMPLES
from shared.contracts.message import Message
from shared.contracts.operator_commands import (
    CorrectCredits,
    CreditsCorrected,
    DecideRecall,
    GrantCredits,
    LedgerCommandRefused,
    OperatorRefund,
    ProposeOperatorRefund,
)
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.recalls import RecallDecided
from shared.contracts.refunds import ProposeRefund, PurchaseRefunded, RefundFailed, RefundProposed, RefundPurchase
from shared.messaging.log import Parcel
from tests.integration.cli.conftest import Billing, Refill, Script
from tests.integration.cli.test_commands import with_answers

Play = Callable[..., Billing]
REFUND = ("refund", "execute", "acme", PURCHASE_ID, "--as")


def refunding(end: type[Message] = PurchaseRefunded, **changes: object) -> Script:
    def script(event: Event) -> list[Parcel]:
        if isinstance(event.message, ProposeRefund | ProposeOperatorRefund):
            return with_answers((TOP_UP, RefundProposed), **changes)(event)
        return with_answers((TOP_UP, end))(event)

    return script


@pytest.mark.rule("B11")
def test_a_refund_is_proposed_and_exactly_that_is_refunded(refill: Refill, billing: Play) -> None:
    playing = billing(refunding(amount_minor=4_900))
    ended = refill(*REFUND, "adam", "--user", "edith", "--yes", "--refund-id", REFUND_ID)
    assert (ended.code, "98.00 EUR refunded" in ended.out) == (Exit.DONE, True), ended
    assert "becomes debt" in ended.out
    proposed, refunded = playing.commands
    assert isinstance(proposed, ProposeRefund)
    assert proposed.user_ids == ("edith",)
    assert refunded == RefundPurchase(
        workspace_id="acme",
        actor_id="adam",
        purchase_id=PURCHASE_ID,
        refund_id=REFUND_ID,
        user_ids=("edith",),
        amount_minor=4_900,
    )


@pytest.mark.rule("B11")
def test_without_a_person_or_yes_nothing_is_refunded(refill: Refill, billing: Play) -> None:
    playing = billing(refunding())
    ended = refill(*REFUND, "adam")
    assert ended.code == Exit.USAGE
    assert "--amount 9800" in ended.err
    assert [type(command) for command in playing.commands] == [ProposeRefund]


@pytest.mark.rule("B11")
def test_touched_lines_are_refunded_by_operators_only_and_with_a_reason(refill: Refill, billing: Play) -> None:
    playing = billing(refunding(owner_may=False), (BILLING_OPERATOR_COMMANDS,))
    assert refill(*REFUND, "opal", "--operator", "--yes").code == Exit.USAGE
    ended = refill(*REFUND, "opal", "--operator", "--yes", "--reason", "Ticket 4711", "--json")
    assert ended.code == Exit.DONE, ended
    assert [document["type"] for document in ended.documents] == [RefundProposed.type, PurchaseRefunded.type]
    refunded = playing.commands[-1]
    assert isinstance(refunded, OperatorRefund)
    assert (refunded.operator_id, refunded.amount_minor, refunded.reason) == ("opal", 9_800, "Ticket 4711")


@pytest.mark.rule("B11")
def test_a_member_is_told_that_touched_lines_are_for_operators(refill: Refill, billing: Play) -> None:
    playing = billing(refunding(owner_may=False))
    ended = refill(*REFUND, "adam", "--yes")
    assert ended.code == Exit.REFUSED
    assert REMEDIES[Reason.LINE_TOUCHED] in ended.err
    assert not any(isinstance(command, RefundPurchase) for command in playing.commands)


@pytest.mark.rule("B11")
def test_a_reviewed_amount_needs_no_second_proposal_and_a_failure_exits_with_1(refill: Refill, billing: Play) -> None:
    playing = billing(refunding(RefundFailed))
    ended = refill(*REFUND, "adam", "--amount", "9800")
    assert (ended.code, REMEDIES[Reason.REFUND_REJECTED] in ended.out) == (Exit.REFUSED, True)
    assert [type(command) for command in playing.commands] == [RefundPurchase]


@pytest.mark.rule("B11")
def test_an_operator_decides_whose_credits_go_with_a_refund_at_the_processor(refill: Refill, billing: Play) -> None:
    playing = billing(with_answers((TOP_UP, RecallDecided)), (BILLING_OPERATOR_COMMANDS,))
    decide = ("refund", "decide", "acme", PURCHASE_ID, REFUND_ID, "--as", "opal", "--reason")
    why = "Ticket 4716: refunded in the dashboard."
    for words in ((why,), (why, "--nobody", "--user", "edith")):
        assert refill(*decide, *words).code == Exit.USAGE, words
    assert refill(*decide, why, "--user", "edith").code == Exit.DONE
    assert refill(*decide, why, "--nobody").code == Exit.DONE
    taken = EXAMPLES[DecideRecall]
    assert playing.commands == [taken, taken.model_copy(update={"verdict": "give_back", "user_ids": None})]


@pytest.mark.rule("B15")
def test_operators_grant_withdraw_and_forgive(refill: Refill, billing: Play) -> None:
    answers: dict[type[Message], type[Message]] = {GrantCredits: CreditsGranted, CorrectCredits: CreditsCorrected}
    script: Script = lambda event: with_answers((LEDGER_ACCOUNT, answers[type(event.message)]))(event)  # noqa: E731
    playing = billing(script, (LEDGER_OPERATOR_COMMANDS,))
    why = ("--as", "opal", "--id", GRANT_ID, "--reason")
    assert refill("operator", "grant", "acme/edith", "3000", *why, "Ticket 4713: an outage.").code == Exit.DONE
    assert refill("operator", "withdraw", "acme/edith", "7", *why, "Ticket 1.").code == Exit.DONE
    assert refill("operator", "forgive", "acme/edith", "12", *why, "Ticket 4714: goodwill.").code == Exit.DONE
    assert refill("operator", "grant", "edith", "3000", *why, "x").code == Exit.USAGE
    forgiven = EXAMPLES[CorrectCredits]
    withdrawn = forgiven.model_copy(update={"deed": "withdraw", "credits": 7, "reason": "Ticket 1."})
    assert playing.commands == [EXAMPLES[GrantCredits], withdrawn, forgiven]


@pytest.mark.rule("B15")
def test_a_refusal_of_the_ledger_says_why_and_exits_with_1(refill: Refill, billing: Play) -> None:
    billing(with_answers((LEDGER_ANSWERS, LedgerCommandRefused)), (LEDGER_OPERATOR_COMMANDS,))
    ended = refill("operator", "withdraw", "acme/edith", "9", "--reason", "x")
    assert (ended.code, REMEDIES[Reason.NOTHING_TO_CORRECT] in ended.out) == (Exit.REFUSED, True)
