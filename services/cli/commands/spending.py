"""Spending: the caps of a workspace (B13)."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.conversation import converse
from services.cli.options import PATIENCE_S, Actor, AsJson, Timeout, Workspace
from services.cli.outcome import Exit
from services.cli.output import Output
from shared.contracts.spending import SetSpendingCaps, SpendingCapsSet

Cap = Annotated[
    int | None, typer.Option(min=0, help="minor units a day (UTC); not limited when left out", show_default=False)
]


def caps(
    workspace: Workspace,
    actor: Actor,
    currency: Annotated[str, typer.Option(help="each currency has caps of its own", show_default=False)],
    workspace_day: Cap = None,
    buyer_day: Cap = None,
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Limit what is spent on top-ups in a day, by the workspace and by each buyer; as its owner."""
    command = SetSpendingCaps(
        workspace_id=workspace,
        actor_id=actor,
        currency=currency,
        workspace_day_minor=workspace_day,
        buyer_day_minor=buyer_day,
    )
    again = "Are the workers running? Send it again: the last word counts."
    converse(command, {SpendingCapsSet: Exit.DONE}, Output(as_json=as_json), timeout_s=timeout, again=again)
