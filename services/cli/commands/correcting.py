"""For operators: credits given, withdrawn or forgiven (B15)."""

from __future__ import annotations

import getpass
from typing import Annotated, Literal
from uuid import uuid4

import typer

from services.cli.conversation import converse
from services.cli.options import PATIENCE_S, Account, AsJson, Timeout, account_parts
from services.cli.outcome import Exit
from services.cli.output import Output
from shared.contracts.catalog import LEDGER_ACCOUNT, LEDGER_ANSWERS, LEDGER_OPERATOR_COMMANDS
from shared.contracts.credit_ledger import CreditsGranted
from shared.contracts.message import Message
from shared.contracts.operator_commands import (
    CorrectCredits,
    CreditsCorrected,
    GrantCredits,
    LedgerCommandRefused,
)

Operator = Annotated[
    str | None, typer.Option("--as", "--actor", help="who does it; you, when left out", show_default=False)
]
Credits = Annotated[int, typer.Argument(min=1, show_default=False)]
Reason = Annotated[str, typer.Option(help="why; it is kept", show_default=False)]
ChosenId = Annotated[str, typer.Option("--id", help="a UUID of your choice; keep it when you try again")]


def operator_or_you(who: str | None) -> str:
    """The person who is named, or whoever is logged in here."""
    return who or getpass.getuser()


def grant(
    account: Account,
    credits: Credits,
    reason: Reason,
    who: Operator = None,
    grant_id: ChosenId = "",
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Give an account credits that nobody paid for. What it owes is settled of them first."""
    workspace, user = account_parts(account)
    command = GrantCredits(
        workspace_id=workspace,
        operator_id=operator_or_you(who),
        grant_id=grant_id or str(uuid4()),
        user_id=user,
        credits=credits,
        reason=reason,
    )
    _command(command, command.grant_id, timeout, Output(as_json=as_json))


def withdraw(
    account: Account,
    credits: Credits,
    reason: Reason,
    who: Operator = None,
    correction_id: ChosenId = "",
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Take bought credits that an account should not have: all of them or, if it has not as much, none."""
    _correct("withdraw", account, credits, reason, who, correction_id, timeout, as_json=as_json)


def forgive(
    account: Account,
    credits: Credits,
    reason: Reason,
    who: Operator = None,
    correction_id: ChosenId = "",
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Forgive debt of an account."""
    _correct("forgive_debt", account, credits, reason, who, correction_id, timeout, as_json=as_json)


def _correct(
    deed: Literal["withdraw", "forgive_debt"],
    account: str,
    credits: int,
    reason: str,
    who: str | None,
    correction_id: str,
    timeout_s: float,
    *,
    as_json: bool,
) -> None:
    workspace, user = account_parts(account)
    command = CorrectCredits(
        workspace_id=workspace,
        operator_id=operator_or_you(who),
        correction_id=correction_id or str(uuid4()),
        user_id=user,
        deed=deed,
        credits=credits,
        reason=reason,
    )
    _command(command, command.correction_id, timeout_s, Output(as_json=as_json))


def _command(command: Message, command_id: str, timeout_s: float, output: Output) -> None:
    output.say(f"id {command_id}", "dim")
    converse(
        command,
        {CreditsGranted: Exit.DONE, CreditsCorrected: Exit.DONE, LedgerCommandRefused: Exit.REFUSED},
        output,
        timeout_s=timeout_s,
        again=f"Its outcome is not known yet. Run the same command with --id {command_id}: it has one effect.",
        topic=LEDGER_OPERATOR_COMMANDS,
        answers_on=(LEDGER_ACCOUNT, LEDGER_ANSWERS),
    )
