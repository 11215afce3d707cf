"""Requests: ask, take back, decline (A1 to A6)."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import typer

from services.cli.conversation import converse
from services.cli.options import PATIENCE_S, Actor, AsJson, Package, RequestId, Timeout, Workspace
from services.cli.outcome import Exit
from services.cli.output import Output
from shared.contracts.top_up_commands import CancelRequest, DeclineRequest, RequestTopUp
from shared.contracts.top_up_events import RequestCancelled, RequestDeclined, TopUpRequested

AGAIN = "Are the workers running? Send it again: what was done already is answered so."


def request(
    workspace: Workspace,
    actor: Actor,
    package: Package,
    request_id: Annotated[str, typer.Option(help="a UUID of your choice; made for you when left out")] = "",
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Ask owner and admins for a package. Answered by the request, or refused."""
    command = RequestTopUp(
        workspace_id=workspace, actor_id=actor, request_id=request_id or str(uuid4()), package_id=package
    )
    again = f"Are the workers running? Send it again with --request-id {command.request_id}."
    converse(command, {TopUpRequested: Exit.DONE}, Output(as_json=as_json), timeout_s=timeout, again=again)


def cancel(
    workspace: Workspace,
    request_id: RequestId,
    actor: Actor,
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Take your own request back."""
    command = CancelRequest(workspace_id=workspace, actor_id=actor, request_id=request_id)
    converse(command, {RequestCancelled: Exit.DONE}, Output(as_json=as_json), timeout_s=timeout, again=AGAIN)


def decline(
    workspace: Workspace,
    request_id: RequestId,
    actor: Actor,
    reason: Annotated[str, typer.Option(help="why; the asker is told", show_default=False)],
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Decline somebody's request, as owner or admin."""
    command = DeclineRequest(workspace_id=workspace, actor_id=actor, request_id=request_id, reason=reason)
    converse(command, {RequestDeclined: Exit.DONE}, Output(as_json=as_json), timeout_s=timeout, again=AGAIN)
