"""Payments that wait for a person (B10): list them, have one looked up, end one that the processor never had."""

from __future__ import annotations

from typing import Literal
from uuid import uuid4

from services.cli.commands.correcting import ChosenId, Operator, Reason, operator_or_you
from services.cli.conversation import converse
from services.cli.money import money
from services.cli.options import PATIENCE_S, AsJson, PurchaseId, Timeout, Workspace
from services.cli.outcome import Exit
from services.cli.output import Output
from shared.contracts.catalog import BILLING_OPERATOR_COMMANDS, BILLING_RECONCILIATION, TOP_UP
from shared.contracts.reconciliation import (
    ListParkedPayments,
    ParkedPayment,
    ParkedPaymentReviewed,
    ParkedPaymentsListed,
    ReviewParkedPayment,
)


def list_parked(who: Operator = None, timeout: Timeout = PATIENCE_S, as_json: AsJson = False) -> None:
    """List the payments that wait for a person, those of the oldest command first."""
    output = Output(as_json=as_json)
    event = converse(
        ListParkedPayments(list_id=str(uuid4()), operator_id=operator_or_you(who)),
        {ParkedPaymentsListed: Exit.DONE},
        output,
        timeout_s=timeout,
        again="Are the workers running? Asking again costs nothing.",
        topic=BILLING_OPERATOR_COMMANDS,
        answers_on=(BILLING_RECONCILIATION,),
    )
    listed = event.message
    assert isinstance(listed, ParkedPaymentsListed)
    if listed.payments and not as_json:
        columns = ("workspace", "purchase", "money", "commanded", "at the processor", "may be ended from")
        output.table("for a person", columns, [_row(each) for each in listed.payments])


def look(
    workspace: Workspace,
    purchase_id: PurchaseId,
    reason: Reason,
    who: Operator = None,
    review_id: ChosenId = "",
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Have a parked payment looked up at the processor now: paid or cancelled there, it goes on."""
    _review("look_up", workspace, purchase_id, reason, who, review_id, timeout, as_json=as_json)


def end(
    workspace: Workspace,
    purchase_id: PurchaseId,
    reason: Reason,
    who: Operator = None,
    review_id: ChosenId = "",
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """End a parked payment of which the processor shows nothing: the purchase is cancelled, nothing is charged."""
    _review("end", workspace, purchase_id, reason, who, review_id, timeout, as_json=as_json)


def _review(
    deed: Literal["look_up", "end"],
    workspace: str,
    purchase_id: str,
    reason: str,
    who: str | None,
    review_id: str,
    timeout_s: float,
    *,
    as_json: bool,
) -> None:
    command = ReviewParkedPayment(
        workspace_id=workspace,
        operator_id=operator_or_you(who),
        purchase_id=purchase_id,
        review_id=review_id or str(uuid4()),
        deed=deed,
        reason=reason,
    )
    output = Output(as_json=as_json)
    output.say(f"id {command.review_id}", "dim")
    converse(
        command,
        {ParkedPaymentReviewed: Exit.DONE},
        output,
        timeout_s=timeout_s,
        again=f"Its outcome is not known yet. Run the same command with --id {command.review_id}: it has one effect.",
        topic=BILLING_OPERATOR_COMMANDS,
        answers_on=(BILLING_RECONCILIATION, TOP_UP),
        also_ours=lambda message: getattr(message, "review_id", None) == command.review_id,
    )


def _row(each: ParkedPayment) -> tuple[object, ...]:
    return (
        each.workspace_id,
        each.purchase_id,
        money(each.amount_minor, each.currency),
        f"{each.commanded_at:%Y-%m-%d %H:%M}Z",
        each.payment_intent_id or "nothing known",
        "when it is cancelled there" if each.ends_from is None else f"{each.ends_from:%Y-%m-%d %H:%M}Z",
    )
