"""Refunds: review what one would give back and take, refund exactly that (B11)."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated
from uuid import uuid4

import typer

from services.cli.commands.correcting import Operator, operator_or_you
from services.cli.conversation import converse
from services.cli.money import money
from services.cli.options import CHARGE_PATIENCE_S, PATIENCE_S, Actor, AsJson, PurchaseId, Timeout, Workspace
from services.cli.outcome import Exit, Problem
from services.cli.output import Output
from shared.contracts.catalog import BILLING_OPERATOR_COMMANDS, TOP_UP_COMMANDS
from shared.contracts.message import Message
from shared.contracts.operator_commands import DecideRecall, OperatorRefund, ProposeOperatorRefund
from shared.contracts.reasons import REMEDIES, Reason
from shared.contracts.recalls import RecallDecided
from shared.contracts.refunds import (
    ProposeRefund,
    PurchaseRefunded,
    RefundFailed,
    RefundLine,
    RefundProposed,
    RefundPurchase,
)
from shared.contracts.topics import Topic

Users = Annotated[
    list[str] | None, typer.Option("--user", help="whose line; all lines when left out", show_default=False)
]
AsOperator = Annotated[bool, typer.Option("--operator", help="as an operator, whose name --as says")]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which lines of which purchase are to be refunded, and by whom."""

    workspace: str
    purchase_id: str
    actor: str
    users: tuple[str, ...] | None
    operator: bool

    @property
    def topic(self) -> Topic:
        """Where its commands go: only operators may write theirs."""
        return BILLING_OPERATOR_COMMANDS if self.operator else TOP_UP_COMMANDS

    def proposal(self) -> Message:
        """The command that asks what it would be."""
        kind: type[Message] = ProposeOperatorRefund if self.operator else ProposeRefund
        return kind.read({**self._wire(), "proposal_id": str(uuid4())})

    def refund(self, refund_id: str, amount_minor: int, reason: str | None) -> Message:
        """The command that does it."""
        kind: type[Message] = OperatorRefund if self.operator else RefundPurchase
        why = {} if reason is None else {"reason": reason}
        return kind.read({**self._wire(), "refund_id": refund_id, "amount_minor": amount_minor, **why})

    def _wire(self) -> dict[str, object]:
        by = {"operator_id" if self.operator else "actor_id": self.actor}
        lines = {} if self.users is None else {"user_ids": self.users}
        return {"workspace_id": self.workspace, "purchase_id": self.purchase_id, **by, **lines}


def propose(
    workspace: Workspace,
    purchase_id: PurchaseId,
    actor: Actor,
    user: Users = None,
    operator: AsOperator = False,
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Ask what a refund would give back, what of the credits is unspent, and what would become debt."""
    asked = Asked(workspace, purchase_id, actor, tuple(user) if user else None, operator)
    _propose(asked, timeout, Output(as_json=as_json))


def execute(
    workspace: Workspace,
    purchase_id: PurchaseId,
    actor: Actor,
    user: Users = None,
    operator: AsOperator = False,
    reason: Annotated[str | None, typer.Option(help="why; it is kept. Operators must say it")] = None,
    amount: Annotated[
        int | None, typer.Option(min=1, help="minor units, as they were proposed and reviewed; proposes nothing anew")
    ] = None,
    refund_id: Annotated[str, typer.Option(help="a UUID of your choice; keep it when you try again")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="refund what is proposed without asking")] = False,
    timeout: Timeout = CHARGE_PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Review a proposal, refund exactly that, and wait until the money is on its way back."""
    output = Output(as_json=as_json)
    asked = Asked(workspace, purchase_id, actor, tuple(user) if user else None, operator)
    if operator and not reason:
        raise Problem("An operator's refund needs a reason.", "Say it with --reason; it is kept.", Exit.USAGE)
    if amount is None:
        proposed = _propose(asked, timeout, output)
        _confirm(proposed, operator=operator, yes=yes, as_json=as_json)
        amount = proposed.amount_minor
    _refund(asked, refund_id or str(uuid4()), amount, reason, timeout, output)


def decide(
    workspace: Workspace,
    purchase_id: PurchaseId,
    refund_id: Annotated[str, typer.Argument(help="of a refund made at the processor", show_default=False)],
    reason: Annotated[str, typer.Option(help="why; it is kept", show_default=False)],
    user: Users = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="no credits go with it: it was a favour")] = False,
    who: Operator = None,
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """For operators: say whose credits go with a refund made at the processor that says it by no line."""
    if nobody == bool(user):
        raise Problem("Say whose credits go with it.", "Name them with --user, or say --nobody.", Exit.USAGE)
    command = DecideRecall(
        workspace_id=workspace,
        operator_id=operator_or_you(who),
        purchase_id=purchase_id,
        recall_id=refund_id,
        verdict="give_back" if nobody else "take_back",
        user_ids=tuple(user) if user else None,
        reason=reason,
    )
    converse(
        command,
        {RecallDecided: Exit.DONE},
        Output(as_json=as_json),
        timeout_s=timeout,
        again="Run the same command again: it has one effect.",
        topic=BILLING_OPERATOR_COMMANDS,
    )


def _propose(asked: Asked, timeout_s: float, output: Output) -> RefundProposed:
    event = converse(
        asked.proposal(),
        {RefundProposed: Exit.DONE},
        output,
        timeout_s=timeout_s,
        again="Are the workers running? Asking again costs nothing.",
        topic=asked.topic,
    )
    proposed = event.message
    assert isinstance(proposed, RefundProposed)
    if not output.as_json:
        columns = ("user", "money", "credits", "unspent", "becomes debt")
        output.table("what goes back", columns, [_row(line, proposed.currency) for line in proposed.lines])
    return proposed


def _row(line: RefundLine, currency: str) -> tuple[object, ...]:
    return line.user_id, money(line.amount_minor, currency), line.credits, line.unspent, line.becomes_debt


def _confirm(proposed: RefundProposed, *, operator: bool, yes: bool, as_json: bool) -> None:
    if not (operator or proposed.owner_may):
        raise Problem("Nothing was refunded.", REMEDIES[Reason.LINE_TOUCHED], Exit.REFUSED)
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        mend = f"Add --yes to refund what is proposed, or --amount {proposed.amount_minor} if that was reviewed."
        raise Problem("Nobody is here to confirm the refund.", mend, Exit.USAGE)
    if not typer.confirm(f"Refund {money(proposed.amount_minor, proposed.currency)}?"):
        raise typer.Exit(Exit.REFUSED)


def _refund(
    asked: Asked, refund_id: str, amount_minor: int, reason: str | None, timeout_s: float, output: Output
) -> None:
    command = asked.refund(refund_id, amount_minor, reason)
    output.say(f"refund id {refund_id}", "dim")
    option = f"--refund-id {refund_id} --amount {amount_minor}"
    converse(
        command,
        {PurchaseRefunded: Exit.DONE, RefundFailed: Exit.REFUSED},
        output,
        timeout_s=timeout_s,
        again=f"Its outcome is not known yet. Run the same command with {option}: the same answer, one refund.",
        topic=asked.topic,
        also_ours=lambda message: getattr(message, "refund_id", None) == refund_id,
    )
