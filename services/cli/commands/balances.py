"""What is there: the latest balances, from the compacted topic that any product may keep a copy of."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.listening import latest_events
from services.cli.options import AsJson
from services.cli.outcome import Exit, Problem
from services.cli.output import Output, as_document
from services.cli.settings import kafka_settings
from shared.contracts.catalog import LEDGER_BALANCE
from shared.contracts.credit_ledger import BalanceChanged


def balance(
    account: Annotated[str, typer.Argument(help="WORKSPACE, or WORKSPACE/USER", show_default=False)],
    as_json: AsJson = False,
) -> None:
    """Show what an account, or every account of a workspace, can use, lot by lot."""
    found = [
        event
        for key, event in sorted(latest_events(kafka_settings(), LEDGER_BALANCE).items())
        if account in (key, key.partition("/")[0])
    ]
    if not found:
        mend = "Accounts appear with their first credits; check the ids, and whether the workers run."
        raise Problem(f"No balance of {account} has been published.", mend, Exit.REFUSED)
    output = Output(as_json=as_json)
    for event in found:
        if as_json:
            output.document(as_document(event))
        elif isinstance(event.message, BalanceChanged):
            _show(event.message, output)


def _show(balance: BalanceChanged, output: Output) -> None:
    paused = ", bought credits paused" if balance.top_up_paused else ""
    held = f", {balance.held:,} held" if balance.held else ""
    title = f"{balance.key()}: {balance.usable:,} usable{held}{paused} (version {balance.version})"
    if not balance.lots:
        output.say(title)
        return
    output.table(
        title,
        ("lot", "kind", "granted", "remaining", "opened", "until"),
        [
            (
                lot.lot_id[:8],
                lot.kind.replace("_", "-"),
                lot.granted,
                lot.remaining,
                f"{lot.opened_at:%Y-%m-%d}",
                f"{lot.period_end:%Y-%m-%d}" if lot.period_end else "",
            )
            for lot in balance.lots
        ],
    )
