"""Holds, as a product places them: hold, capture, release (C9)."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import typer

from services.cli.conversation import converse
from services.cli.options import PATIENCE_S, Account, AsJson, Timeout, Workspace, account_parts
from services.cli.outcome import Exit
from services.cli.output import Output
from shared.contracts.catalog import HOLD_COMMANDS, LEDGER_ANSWERS
from shared.contracts.holds import (
    DEFAULT_EXPIRY_S,
    MAX_EXPIRY_S,
    CaptureHold,
    HoldCaptured,
    HoldCredits,
    HoldPlaced,
    HoldRefused,
    HoldReleased,
    ReleaseHold,
)
from shared.contracts.message import Message

HoldId = Annotated[str, typer.Argument(help="the hold's id", show_default=False)]
Amount = Annotated[int, typer.Argument(min=1, help="so many credits", show_default=False)]
AGAIN = "Are the workers running? Send it again: what was done already is answered so."


def hold(
    account: Account,
    credits: Amount,
    hold_id: Annotated[str, typer.Option(help="an id of your choice; made for you when left out")] = "",
    expires_in: Annotated[
        int, typer.Option("--expires-in", min=1, max=MAX_EXPIRY_S, help="seconds until it ends by itself")
    ] = DEFAULT_EXPIRY_S,
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Keep credits of an account for a piece of work. Answered by the hold, or refused with how much is missing."""
    workspace_id, user_id = account_parts(account)
    command = HoldCredits(
        workspace_id=workspace_id,
        user_id=user_id,
        hold_id=hold_id or str(uuid4()),
        credits=credits,
        expires_in_s=expires_in,
    )
    again = f"Are the workers running? Send it again with --hold-id {command.hold_id}."
    _converse(command, HoldPlaced, Output(as_json=as_json), timeout, again)


def capture(
    workspace: Workspace, hold_id: HoldId, credits: Amount, timeout: Timeout = PATIENCE_S, as_json: AsJson = False
) -> None:
    """Burn so much of a hold; the rest goes back."""
    command = CaptureHold(workspace_id=workspace, hold_id=hold_id, credits=credits)
    _converse(command, HoldCaptured, Output(as_json=as_json), timeout, AGAIN)


def release(workspace: Workspace, hold_id: HoldId, timeout: Timeout = PATIENCE_S, as_json: AsJson = False) -> None:
    """Give a hold back."""
    command = ReleaseHold(workspace_id=workspace, hold_id=hold_id)
    _converse(command, HoldReleased, Output(as_json=as_json), timeout, AGAIN)


def _converse(command: Message, done: type[Message], output: Output, timeout_s: float, again: str) -> None:
    converse(
        command,
        {done: Exit.DONE, HoldRefused: Exit.REFUSED},
        output,
        timeout_s=timeout_s,
        again=again,
        topic=HOLD_COMMANDS,
        answers_on=(LEDGER_ANSWERS,),
    )
