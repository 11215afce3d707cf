"""For operators: check the ledger's books, take a message out of a bug's way, look at the mails."""

from __future__ import annotations

import getpass
import os
import subprocess
import sys
from typing import Annotated

import typer

from services.cli.options import AsJson
from services.cli.outcome import Exit, Problem
from services.cli.output import Output
from services.cli.settings import load_environment
from shared.contracts.catalog import BY_NAME, SERVICES
from shared.messaging.environment import FILE
from shared.messaging.settings import EXIT_CODE

AUDITOR = "REFILL_AUDITOR_DATABASE_URL"


def verify(as_json: AsJson = False) -> None:
    """Check the books: every transaction sums to zero, every balance is the fold of its entries."""
    audit("verify", as_json=as_json)


def audit(*arguments: str, as_json: bool) -> None:
    """Run a command of the ledger that reads its books."""
    load_environment()
    if not (os.environ.get(AUDITOR) or os.environ.get(AUDITOR + FILE)):
        mend = f"Run `refill up` in another terminal, or set {AUDITOR} to the address of a role that may read."
        raise Problem("Nothing says where the ledger's database is.", mend, Exit.USAGE)
    _run("credit-ledger", [*arguments], as_json=as_json)


def quarantine(
    topic: Annotated[str, typer.Argument(help="the topic's name in the catalog", show_default=False)],
    partition: Annotated[int, typer.Argument(min=0, show_default=False)],
    offset: Annotated[int, typer.Argument(min=0, show_default=False)],
    reason: Annotated[str, typer.Option(help="why; it is kept", show_default=False)],
    who: Annotated[str | None, typer.Option(help="the person who decides it; you, when left out")] = None,
    service: Annotated[
        str | None, typer.Option(help="whose handler fails; needed where several read the topic")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Have one message sent to the dead letters that a worker stops at. It is audited; restart the worker after it."""
    load_environment()
    arguments = [
        "quarantine",
        topic,
        str(partition),
        str(offset),
        "--who",
        who or getpass.getuser(),
        "--reason",
        reason,
    ]
    _run(_consumer(topic, service), arguments, as_json=as_json)


def preview(
    folder: Annotated[str, typer.Argument(help="where to write them", show_default=False)], as_json: AsJson = False
) -> None:
    """Write every mail, filled with examples, to files to look at: text, HTML, whole message, and a page of all."""
    _run("notification", ["preview", folder], as_json=as_json)


def _consumer(topic: str, service: str | None) -> str:
    if topic not in BY_NAME:
        raise Problem(f"No such topic: {topic}.", f"Known: {', '.join(BY_NAME)}.", Exit.USAGE)
    consumers = [name for name in BY_NAME[topic].consumers if name in SERVICES]
    if service is None and len(consumers) == 1:
        return consumers[0]
    if service is None or service not in consumers:
        readers = ", ".join(consumers) or "none of our services"
        raise Problem(f"{topic} is read by {readers}.", "Name one of them with --service.", Exit.USAGE)
    return service


def _run(service: str, arguments: list[str], *, as_json: bool) -> None:
    """Run a command of a service in a process of its own: its database address is its own affair."""
    command = [sys.executable, "-m", f"services.{service.replace('-', '_')}", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    code = {0: Exit.DONE, 2: Exit.USAGE, EXIT_CODE: Exit.USAGE}.get(ended.returncode, Exit.REFUSED)
    if as_json:
        Output(as_json=True).document(
            {"ok": code is Exit.DONE, "output": ended.stdout.splitlines(), "errors": ended.stderr.splitlines()}
        )
    else:
        sys.stdout.write(ended.stdout)
        sys.stderr.write(ended.stderr)
    raise typer.Exit(code)
