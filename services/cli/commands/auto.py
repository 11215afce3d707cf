"""Auto top-up: set and stopped account by account (B14)."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.conversation import converse
from services.cli.options import PATIENCE_S, Account, Actor, AsJson, Package, Timeout, account_parts
from services.cli.outcome import Exit
from services.cli.output import Output
from shared.contracts.auto_top_up import AutoTopUpSet, AutoTopUpStopped, SetAutoTopUp, StopAutoTopUp

AGAIN = "Are the workers running? Send it again: the last word counts."


def set_auto_top_up(
    account: Account,
    actor: Actor,
    package: Package,
    below: Annotated[int, typer.Option(min=1, help="buy when fewer credits are usable", show_default=False)],
    monthly_cap: Annotated[int, typer.Option(min=1, help="minor units a month (UTC)", show_default=False)],
    currency: Annotated[str, typer.Option(help="the package's currency", show_default=False)],
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Have an account topped up by itself on the workspace's card, in your name; as owner or admin."""
    workspace, user = account_parts(account)
    command = SetAutoTopUp(
        workspace_id=workspace,
        user_id=user,
        actor_id=actor,
        package_id=package,
        threshold_credits=below,
        monthly_cap_minor=monthly_cap,
        currency=currency,
    )
    converse(command, {AutoTopUpSet: Exit.DONE}, Output(as_json=as_json), timeout_s=timeout, again=AGAIN)


def stop_auto_top_up(account: Account, actor: Actor, timeout: Timeout = PATIENCE_S, as_json: AsJson = False) -> None:
    """Stop it. A purchase under way goes on."""
    workspace, user = account_parts(account)
    command = StopAutoTopUp(workspace_id=workspace, user_id=user, actor_id=actor)
    converse(command, {AutoTopUpStopped: Exit.DONE}, Output(as_json=as_json), timeout_s=timeout, again=AGAIN)
