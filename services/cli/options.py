"""Arguments and options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.outcome import Exit, Problem

AsJson = Annotated[bool, typer.Option("--json", help="print JSON, one object a line")]
Timeout = Annotated[float, typer.Option("--timeout", min=0.1, help="seconds to wait for the answer")]
Workspace = Annotated[str, typer.Argument(help="the workspace's id", show_default=False)]
Actor = Annotated[str, typer.Option("--actor", "--as", help="the user who does it", show_default=False)]
Package = Annotated[str, typer.Option("--package", help="a package of the catalog", show_default=False)]
Editors = Annotated[
    list[str], typer.Option("--editor", help="who gets a package; name each editor once", show_default=False)
]
RequestId = Annotated[str, typer.Argument(help="the request's id", show_default=False)]
PurchaseId = Annotated[str, typer.Argument(help="the purchase's id", show_default=False)]

Account = Annotated[str, typer.Argument(metavar="WORKSPACE/USER", help="whose credits", show_default=False)]

PATIENCE_S = 40.0  # an answer takes milliseconds; a refusal of an unknown workspace 30 s, for it might yet arrive
CHARGE_PATIENCE_S = 60.0  # the processor may be slow, and a person may have to authenticate


def account_parts(account: str) -> tuple[str, str]:
    """Workspace and user of `workspace/user`. Raises Problem."""
    workspace, slash, user = account.partition("/")
    if not (workspace and slash and user):
        raise Problem(f"{account} is no account.", "Write WORKSPACE/USER, for example acme/erin.", Exit.USAGE)
    return workspace, user
