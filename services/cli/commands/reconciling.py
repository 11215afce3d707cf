"""Have our books compared with the payment processor's, and say what a person must look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import uuid4

import typer

from services.cli.commands.correcting import Operator, operator_or_you
from services.cli.conversation import converse
from services.cli.money import money
from services.cli.options import AsJson, Timeout
from services.cli.outcome import Exit, Problem
from services.cli.output import Output
from shared.contracts.catalog import BILLING_OPERATOR_COMMANDS, BILLING_RECONCILIATION
from shared.contracts.reconciliation import (
    Difference,
    ReconcilePayments,
    ReconciliationFinished,
    ReconciliationRefused,
)

# A page of a hundred takes the processor some tenths of a second: half a million payments.
PATIENCE_S = 1_800.0
SPANS = {"d": timedelta(days=1), "h": timedelta(hours=1), "m": timedelta(minutes=1)}


def reconcile(
    since: Annotated[
        str | None,
        typer.Option(
            help="compare what was made since then: 2026-01-31T12:00:00Z, 2026-01-31, or 36h and 14d ago; three days "
            "when left out",
            show_default=False,
        ),
    ] = None,
    who: Operator = None,
    reconciliation_id: Annotated[str, typer.Option("--id", help="a UUID of your choice; keep it to ask again")] = "",
    timeout: Timeout = PATIENCE_S,
    as_json: AsJson = False,
) -> None:
    """Compare the payment processor's list with our books, both ways; heal what is merely behind, tell the rest.

    Exit code 0: nothing differs, or all of it is healed. 1: a person must look at what is listed.
    """
    output = Output(as_json=as_json)
    command = ReconcilePayments(
        reconciliation_id=reconciliation_id or str(uuid4()),
        operator_id=operator_or_you(who),
        since=None if since is None else instant_of(since, datetime.now(UTC)),
    )
    output.say(f"reconciliation id {command.reconciliation_id}", "dim")
    event = converse(
        command,
        {ReconciliationFinished: Exit.DONE, ReconciliationRefused: Exit.REFUSED},
        output,
        timeout_s=timeout,
        again=f"It goes on all the same. Run it with --id {command.reconciliation_id} to be told what it found.",
        topic=BILLING_OPERATOR_COMMANDS,
        answers_on=(BILLING_RECONCILIATION,),
        also_ours=lambda message: getattr(message, "reconciliation_id", None) == command.reconciliation_id,
    )
    finished = event.message
    assert isinstance(finished, ReconciliationFinished)
    if not as_json:
        _show(finished, output)
    if finished.needs_a_person:
        raise typer.Exit(Exit.REFUSED)


def instant_of(text: str, now: datetime) -> datetime:
    """An instant, a day (UTC) or a span before now. Raises Problem."""
    try:
        if text[-1:] in SPANS and text[:-1].isascii() and text[:-1].isdigit():
            return now - int(text[:-1]) * SPANS[text[-1]]
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at
    except (ValueError, OverflowError) as error:
        mend = "Write 2026-01-31T12:00:00Z, 2026-01-31, 36h or 14d."
        raise Problem(f"{text} is no instant.", mend, Exit.USAGE) from error


def _show(finished: ReconciliationFinished, output: Output) -> None:
    compared = finished.compared
    rows = (
        ("payments at the processor", compared.payments),
        ("refunds at the processor", compared.refunds),
        ("disputes at the processor", compared.disputes),
        ("ours that it was to show", compared.ours),
    )
    output.table(f"compared since {finished.since:%Y-%m-%d %H:%M:%S}Z", ("what", "how many"), rows)
    if finished.healed:
        healed = ("what", "purchase", "at the processor", "ours was", "theirs")
        output.table("healed", healed, [_healed(each) for each in finished.healed])
    if finished.findings:
        found = ("finding", "purchase", "at the processor", "ours", "theirs", "what to do")
        output.table("for a person", found, [_found(each) for each in finished.findings])
    for total, listed, what in (
        (finished.healed_total, finished.healed, "healed"),
        (finished.findings_total, finished.findings, "for a person"),
    ):
        if total > len(listed):
            output.say(f"{total - len(listed):,} more {what}", "yellow")
    if finished.not_looked_at:
        output.say(f"{finished.not_looked_at:,} more differ: mend these, then compare anew.", "bold red")
    if not (finished.needs_a_person or finished.healed_total):
        output.say("Nothing differs.", "green")


def _healed(each: Difference) -> tuple[object, ...]:
    return each.about, each.purchase_id or "", each.processor_id or "", each.ours or "", each.theirs or ""


def _found(each: Difference) -> tuple[object, ...]:
    return (
        (each.kind or "").replace("_", " "),
        each.purchase_id or "",
        each.processor_id or "",
        _side(each.ours, each.ours_minor, each.currency),
        _side(each.theirs, each.theirs_minor, each.currency),
        each.what_to_do or "",
    )


def _side(state: str | None, amount_minor: int | None, currency: str | None) -> str:
    amount = "" if amount_minor is None or currency is None else f" {money(amount_minor, currency)}"
    return f"{state or ''}{amount}".strip() or "nothing"
