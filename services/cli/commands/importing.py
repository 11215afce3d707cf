"""Files of events: each line by itself. Bad lines are reported and the good ones go on."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from services.cli.intake import BadLine, Row, read_events, read_trace_rows, split_lines
from services.cli.options import AsJson
from services.cli.outcome import Exit, Problem
from services.cli.output import Output
from services.cli.settings import connected
from services.cli.telling import printable
from services.cli.trace import ACTION, Pricing, is_trace
from shared.contracts.catalog import PRODUCT_USAGE, WORKSPACE_CONTACT, WORKSPACE_DIRECTORY
from shared.contracts.topics import Topic
from shared.messaging.log import Parcel

File = Annotated[Path, typer.Argument(help="a file, or - for standard input", show_default=False)]
SOURCE = "/refill/import"


def directory(file: File, as_json: AsJson = False) -> None:
    """Send workspaces, members and contacts: JSON Lines, each a whole event as on the topic.

    Who is gone is written {"key": "acme/edith", "value": null}, with "topic": "workspace.contact.v1" for a contact.
    """
    topics = (WORKSPACE_DIRECTORY, WORKSPACE_CONTACT)
    _send(read_events(split_lines(_content(file)), topics), topics, Output(as_json=as_json))


def usage(
    file: File,
    workspace: Annotated[str | None, typer.Option(help="whose usage the rows of a trace are")] = None,
    user: Annotated[str | None, typer.Option(help="and which member's")] = None,
    source: Annotated[
        str, typer.Option(help="the product that reports; part of what makes a usage id unique")
    ] = SOURCE,
    action: Annotated[str, typer.Option(help="the action that a trace's tokens are units of")] = ACTION,
    credits_per_1000_tokens: Annotated[
        int | None, typer.Option(min=1, help="state credits instead of an action priced by the catalog")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Send usage: JSON Lines of whole events, or a trace TIMESTAMP,ContextTokens,GeneratedTokens.

    A trace's usages get ids from the file's content and the line: imported again, nothing changes.
    """
    content = _content(file)
    lines = split_lines(content)
    if not lines or not is_trace(lines[0].decode("utf-8", "replace")):
        _send(read_events(lines, (PRODUCT_USAGE,)), (PRODUCT_USAGE,), Output(as_json=as_json))
        return
    if not workspace or not user:
        mend = "Say whose usage it is: --workspace and --user."
        raise Problem("A trace does not say who used what.", mend, Exit.USAGE)
    pricing = Pricing(action, credits_per_1000_tokens)
    rows = read_trace_rows(content, workspace_id=workspace, user_id=user, pricing=pricing)
    _send(rows, (PRODUCT_USAGE,), Output(as_json=as_json), source)


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise Problem(f"{file} cannot be read: {error.strerror}.", "Check the path.", Exit.USAGE) from error


def _send(
    read: Iterable[Parcel | Row | BadLine], topics: Sequence[Topic], output: Output, source: str = SOURCE
) -> None:
    bad: list[BadLine] = []
    with closing(connected(source, to_write=topics)) as client:

        def good() -> Iterator[Parcel]:
            for each in read:
                if isinstance(each, BadLine):
                    bad.append(each)
                    _report(each, output)
                elif isinstance(each, Row):
                    yield client.parcel(PRODUCT_USAGE, each.usage, each.event_id)
                else:
                    yield each

        sent = client.deliver(good())
    if output.as_json:
        output.document({"sent": sent, "bad": len(bad)})
    output.say(f"{sent:,} sent, {len(bad):,} bad lines left out.", "bold red" if bad else "bold green")
    if bad:
        raise typer.Exit(Exit.REFUSED)


def _report(line: BadLine, output: Output) -> None:
    if output.as_json:
        output.document({"line": line.number, "reason": line.reason})
    else:
        print(f"line {line.number}: {printable(line.reason)}", file=sys.stderr)
