"""What a command prints: sentences and tables for people, one JSON object a line for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from services.cli.listening import Event
from services.cli.outcome import Problem
from services.cli.telling import printable, sentence

# What a table may take where nobody's window bounds it: an id must not be broken over two lines.
PIPE_COLUMNS = 200


class Output:
    """Where a command prints to. With `as_json` nothing but JSON reaches standard output."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._console = Console(highlight=False)
        if not self._console.is_terminal:
            self._console.width = PIPE_COLUMNS

    def event(self, event: Event, style: str = "") -> None:
        """One event."""
        if self.as_json:
            self.document(as_document(event))
        else:
            when = Text(f"{event.at:%H:%M:%S.%f}"[:-3], "dim")
            self._console.print(when, Text(sentence(event.message), style), soft_wrap=True)

    def document(self, document: object) -> None:
        """One JSON object, on a line of its own."""
        print(json.dumps(document, ensure_ascii=False), flush=True)

    def say(self, text: str, style: str = "") -> None:
        """A sentence for people; programs do not get it."""
        if not self.as_json:
            self._console.print(Text(printable(text), style), soft_wrap=True)

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """A table for people; numbers stand at the right."""
        table = Table(title=Text(printable(title)), title_justify="left", header_style="bold")
        lines = list(rows)
        for number, column in enumerate(columns):
            numbers = bool(lines) and all(isinstance(line[number], int) for line in lines)
            table.add_column(column, justify="right" if numbers else "left", overflow="fold")
        for line in lines:
            table.add_row(*(Text(_cell(value)) for value in line))
        self._console.print(table)


def as_document(event: Event) -> dict[str, object]:
    """An event for programs: where and when, its context, its data."""
    return {
        "topic": event.topic,
        "type": event.envelope.type,
        "id": event.envelope.id,
        "correlation_id": event.envelope.correlation_id,
        "at": event.at.isoformat(),
        "data": event.message.wire(),
    }


def show_problem(problem: Problem, *, as_json: bool) -> None:
    """Say what is wrong and how to mend it: to people on standard error, to programs on standard output."""
    if as_json:
        print(json.dumps({"error": {"what": problem.what, "mend": problem.mend, "exit_code": int(problem.code)}}))
    else:
        for line in (*problem.what.splitlines(), problem.mend):
            print(printable(line), file=sys.stderr)


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else printable(str(value))
