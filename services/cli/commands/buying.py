"""Purchases: review a quote, buy exactly that, try a declined one again (B5 to B9)."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated
from uuid import uuid4

import typer

from services.cli.conversation import converse
from services.cli.listening import kept_events
from services.cli.options import (
    CHARGE_PATIENCE_S,
    PATIENCE_S,
    Actor,
    AsJson,
    Editors,
    Package,
    PurchaseId,
    Timeout,
    Workspace,
)
from services.cli.outcome import Exit, Problem
from services.cli.output import Output
from services.cli.settings import kafka_settings
from services.cli.telling import quote_line
from shared.contracts.catalog import LEDGER_PURCHASE, TOP_UP
from shared.contracts.credit_ledger import PurchaseCredited
from shared.contracts.message import Message
from shared.contracts.top_up_commands import PurchaseTopUp, Quote, QuoteTopUp, RetryPurchase
from shared.contracts.top_up_events import PurchaseCancelled, PurchaseDeclined, PurchaseStatus, TopUpQuoted

# How a purchase ends. Paid is no end: what is paid is credited a moment later.
ENDS: dict[type[Message], Exit] = {
    PurchaseCredited: Exit.DONE,
    PurchaseDeclined: Exit.REFUSED,
    PurchaseCancelled: Exit.REFUSED,
}
STATES: dict[str, Exit] = {
    "credited": Exit.DONE,
    "declined": Exit.REFUSED,
    "cancelled": Exit.REFUSED,
    "parked": Exit.REFUSED,
}


def quote(
    workspace: Workspace,
    actor: Actor,
    package: Package,
    editor: Editors,
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Ask what a purchase would cost."""
    _quote(workspace, actor, package, editor, timeout, Output(as_json=as_json))


def buy(
    workspace: Workspace,
    actor: Actor,
    package: Annotated[str, typer.Option(help="a package of the catalog", show_default=False)] = "",
    editor: Annotated[list[str] | None, typer.Option(help="who gets one; name each once", show_default=False)] = None,
    reviewed: Annotated[
        Path | None,
        typer.Option("--quote", help="buy this quote, as `refill quote --json` printed it; - reads it here"),
    ] = None,
    request_id: Annotated[str | None, typer.Option("--request", help="the request this purchase fulfils")] = None,
    purchase_id: Annotated[str, typer.Option(help="a UUID of your choice; keep it when you try again")] = "",
    yes: Annotated[bool, typer.Option("--yes", "-y", help="buy what the quote says without asking")] = False,
    timeout: Timeout = CHARGE_PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Review a quote, buy exactly what it says on the workspace's card, and wait until the credits are there."""
    output = Output(as_json=as_json)
    if reviewed is not None:
        bought = _read_quote(reviewed)
    elif package and editor:
        bought = _quote(workspace, actor, package, editor, timeout, output)
        _confirm(bought, yes=yes, as_json=as_json)
    else:
        raise Problem("Nothing says what to buy.", "Give --package and --editor, or --quote.", Exit.USAGE)
    command = PurchaseTopUp(
        workspace_id=workspace,
        actor_id=actor,
        purchase_id=purchase_id or str(uuid4()),
        quote=bought,
        request_id=request_id,
    )
    output.say(f"purchase id {command.purchase_id}", "dim")
    _charge(command, command.purchase_id, timeout, output)


def retry(
    workspace: Workspace,
    purchase_id: PurchaseId,
    actor: Actor,
    method: Annotated[str, typer.Option(help="another payment method saved on the workspace", show_default=False)],
    attempt: Annotated[
        int | None, typer.Option(help="the number that the decline named as next; looked up when left out")
    ] = None,
    timeout: Timeout = CHARGE_PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Try a declined purchase again with another payment method, on the same payment."""
    command = RetryPurchase(
        workspace_id=workspace,
        actor_id=actor,
        purchase_id=purchase_id,
        payment_method_id=method,
        attempt=_next_attempt(purchase_id) if attempt is None else attempt,
    )
    _charge(command, command.purchase_id, timeout, Output(as_json=as_json))


def _quote(workspace: str, actor: str, package: str, editors: list[str], timeout_s: float, output: Output) -> Quote:
    command = QuoteTopUp(workspace_id=workspace, actor_id=actor, package_id=package, user_ids=tuple(editors))
    again = "Are the workers running? Asking again costs nothing."
    event = converse(command, {TopUpQuoted: Exit.DONE}, output, timeout_s=timeout_s, again=again)
    assert isinstance(event.message, TopUpQuoted)
    return event.message.quote


def _read_quote(path: Path) -> Quote:
    """The quote in the last line that holds one: `refill quote --json` prints the whole event."""
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
        printed = json.loads(text.strip().splitlines()[-1])
        return Quote.model_validate(printed.get("data", {}).get("quote", printed))
    except (OSError, ValueError, IndexError, AttributeError) as error:
        mend = "Write it with `refill quote ... --json > quote.json`."
        raise Problem(f"{path} holds no quote: {type(error).__name__}.", mend, Exit.USAGE) from error


def _confirm(quote: Quote, *, yes: bool, as_json: bool) -> None:
    if yes:
        return
    if as_json or not sys.stdin.isatty():
        mend = "Add --yes to buy what the quote says, or pass the reviewed one with --quote."
        raise Problem("Nobody is here to confirm the quote.", mend, Exit.USAGE)
    if not typer.confirm(f"Buy {quote_line(quote)}?"):
        raise typer.Exit(Exit.REFUSED)


def _charge(command: PurchaseTopUp | RetryPurchase, purchase_id: str, timeout_s: float, output: Output) -> None:
    def about_this_purchase(message: Message) -> bool:
        return getattr(message, "purchase_id", None) == purchase_id

    def judge(message: Message) -> Exit | None:
        return STATES.get(message.state) if isinstance(message, PurchaseStatus) else None

    option = f"--purchase-id {purchase_id}" if isinstance(command, PurchaseTopUp) else f"--attempt {command.attempt}"
    again = f"Its outcome is not known yet. Run the same command with {option}: the same answer, one charge."
    converse(
        command,
        ENDS,
        output,
        timeout_s=timeout_s,
        again=again,
        answers_on=(TOP_UP, LEDGER_PURCHASE),
        also_ours=about_this_purchase,
        judge=judge,
    )


def _next_attempt(purchase_id: str) -> int:
    attempts = [
        event.message.next_attempt
        for event in kept_events(kafka_settings(), [TOP_UP])
        if isinstance(event.message, PurchaseDeclined) and event.message.purchase_id == purchase_id
    ]
    if not attempts:
        raise Problem(f"Purchase {purchase_id} has not been declined.", "Check its id with `refill tail`.", Exit.USAGE)
    return max(attempts)
