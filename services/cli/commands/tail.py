"""Events as they pass."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Annotated

import typer

from services.cli.listening import Event, Listening, Seen
from services.cli.options import AsJson
from services.cli.outcome import Exit, Problem
from services.cli.output import Output
from services.cli.settings import READER, kafka_settings
from shared.contracts.catalog import BY_NAME, OPS_METRICS, TOPICS
from shared.contracts.decode import Decoded, Tombstone
from shared.contracts.flaws import Unreadable
from shared.contracts.topics import Topic

SHOWN = {topic.name: topic for topic in TOPICS if READER in topic.consumers}


def tail(
    topic: Annotated[
        list[str] | None, typer.Option(help="only this topic; may be repeated (without: all but ops.metrics.v1)")
    ] = None,
    workspace: Annotated[str | None, typer.Option(help="only events of this workspace")] = None,
    from_beginning: Annotated[bool, typer.Option("--from-beginning", help="start with what is kept")] = False,
    count: Annotated[int | None, typer.Option(min=1, help="stop after so many events")] = None,
    seconds: Annotated[float | None, typer.Option("--for", min=0.1, help="stop after so many seconds")] = None,
    as_json: AsJson = False,
) -> None:
    """Show events as they pass, until Ctrl-C."""
    output = Output(as_json=as_json)
    deadline = None if seconds is None else time.monotonic() + seconds
    with Listening(kafka_settings(), _topics(topic or []), from_beginning=from_beginning) as listening:
        passing = (seen for seen in _passing(listening, deadline) if _concerns(seen, workspace))
        with suppress(KeyboardInterrupt):
            for seen in islice(passing, count):
                _show(seen, output)


def _passing(listening: Listening, deadline: float | None) -> Iterator[Seen]:
    while deadline is None or time.monotonic() < deadline:
        yield from listening.poll()


def _topics(names: list[str]) -> list[Topic]:
    unknown = sorted(set(names) - set(SHOWN))
    if unknown:
        what = "Not for the edge to read" if set(unknown) <= set(BY_NAME) else "No such topic"
        raise Problem(f"{what}: {', '.join(unknown)}.", f"Known: {', '.join(SHOWN)}.", Exit.USAGE)
    # Figures come every few seconds from each worker: nobody would see anything else any more.
    return [BY_NAME[name] for name in names] or [topic for topic in SHOWN.values() if topic is not OPS_METRICS]


def _concerns(seen: Seen, workspace: str | None) -> bool:
    if workspace is None:
        return True
    own = getattr(seen.element.message, "workspace_id", None) if isinstance(seen.element, Decoded) else None
    return workspace == (own or (seen.key or "").partition("/")[0])


def _show(seen: Seen, output: Output) -> None:
    element = seen.element
    if isinstance(element, Decoded):
        output.event(Event(seen.place.topic, seen.at, element.envelope, element.message))
        return
    where = f"{seen.place.topic}[{seen.place.partition}]@{seen.offset}"
    if isinstance(element, Tombstone):
        told = {"tombstone": element.key}
    elif isinstance(element, Unreadable):
        told = {"unreadable": element.flaw.value, "detail": element.detail}
    else:
        told = {"unknown_type": element.type}
    if output.as_json:
        output.document({"topic": seen.place.topic, "at": seen.at.isoformat(), "where": where, **told})
    else:
        output.say(
            f"{seen.at:%H:%M:%S} {where} " + ", ".join(f"{name} {value}" for name, value in told.items()), "yellow"
        )
