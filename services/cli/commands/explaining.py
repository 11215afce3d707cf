"""Where every credit of an account came from and where it went."""

from __future__ import annotations

from typing import Annotated

import typer

from services.cli.commands.operating import audit
from services.cli.history import History, tell_history
from services.cli.listening import kept_events, latest_events
from services.cli.options import AsJson
from services.cli.outcome import Exit, Problem
from services.cli.output import Output, as_document
from services.cli.settings import kafka_settings
from shared.contracts.catalog import LEDGER_ACCOUNT, LEDGER_ANSWERS, LEDGER_BALANCE, LEDGER_PURCHASE
from shared.contracts.credit_ledger import POOL, BalanceChanged


def explain(
    account: Annotated[
        str, typer.Argument(help="WORKSPACE/USER, or WORKSPACE for its pooled quota", show_default=False)
    ],
    last: Annotated[int, typer.Option(min=0, help="show so many of its events, the newest; 0 for all")] = 20,
    at: Annotated[
        str | None,
        typer.Option(
            help="at this moment, for example 2026-01-31T12:00:00Z: from the ledger's books", show_default=False
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell where every credit of an account came from and where it went, and whether that adds up to its balance.

    With --at it is the ledger's books that tell, however long ago; they want the auditor's address, as `verify` does.
    """
    name = account if "/" in account else f"{account}/{POOL}"
    if at is not None:
        audit("explain", name, "--at", at, *(["--json"] if as_json else []), as_json=False)
        return
    kafka = kafka_settings()
    events = kept_events(kafka, [LEDGER_ACCOUNT, LEDGER_ANSWERS, LEDGER_PURCHASE])
    history = tell_history(name, events)
    latest = latest_events(kafka, LEDGER_BALANCE).get(name)
    if not history.events and latest is None:
        mend = "Write it as WORKSPACE/USER, for example acme/edith; `refill balance WORKSPACE` lists accounts."
        raise Problem(f"Nothing is known of account {account}.", mend, Exit.REFUSED)
    balance = latest.message if latest and isinstance(latest.message, BalanceChanged) else None
    output = Output(as_json=as_json)
    if as_json:
        output.document(
            {
                "account": name,
                "lots": [lot.as_document() for lot in history.lots.values()],
                "events": [as_document(event) for event in history.events],
                "balance": balance.wire() if balance else None,
                "adds_up": history.adds_up(balance),
            }
        )
        return
    _show(history, last, balance, output)


def _show(history: History, last: int, balance: BalanceChanged | None, output: Output) -> None:
    shown = history.events[-last:]
    if len(shown) < len(history.events):
        output.say(f"{len(history.events) - len(shown):,} earlier events; --last 0 shows them", "dim")
    for event in shown:
        output.event(event)
    rows = [(lot.lot_id[:8], lot.kind.replace("_", "-"), lot.origin, *lot.sums) for lot in history.lots.values()]
    output.table(
        history.account, ("lot", "kind", "came from", "granted", "burned", "held", "lapsed", "remaining"), rows
    )
    if history.adds_up(balance):
        output.say("Every credit is accounted for: this adds up to the published balance.", "green")
    else:
        output.say(
            "This does not add up to the published balance: events older than the topic's retention are gone, or a "
            "change is on its way. The ledger's own books hold everything; `refill verify` checks them.",
            "yellow",
        )
