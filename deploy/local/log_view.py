"""One readable log out of many log files: each line with the part it came from, JSON lines spelled out."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red")
LEVEL_STYLES = {"warning": "yellow", "error": "bold red", "critical": "bold red"}
# What a structured line begins with, and what its label says already; the rest follows as key=value.
HEAD = ("time", "level", "event", "service")


class LogFile:
    """A growing file, read line by line from where the last reading ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def new_lines(self) -> Iterator[str]:
        """The lines completed since the last call."""
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(self._offset)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._offset += len(line)
                yield line.decode(errors="replace").rstrip()


class LogView:
    """Prints the new lines of several log files, each with its part's name in a colour of its own."""

    def __init__(self, console: Console, parts: Iterable[tuple[str, Path]]) -> None:
        self._console = console
        self._parts = [(name, LogFile(path)) for name, path in parts]
        self._width = max((len(name) for name, _ in self._parts), default=0)

    def show_new(self) -> None:
        """Prints what was logged since the last call."""
        for number, (name, log) in enumerate(self._parts):
            for line in log.new_lines():
                label = Text(f"{name:<{self._width}} ", style=COLOURS[number % len(COLOURS)])
                self._console.print(label + readable(line), soft_wrap=True, highlight=False)


def readable(line: str) -> Text:
    """A structured log line as `time event key=value`; any other line as it stands."""
    fields = fields_of(line)
    if fields is None:
        return Text.from_ansi(line)
    level = str(fields.get("level", "info")).lower()
    time = str(fields.get("time", ""))[11:23]
    rest = " ".join(f"{key}={value}" for key, value in fields.items() if key not in HEAD)
    return Text(f"{time} {fields['event']}", style=LEVEL_STYLES.get(level, "")) + Text(f" {rest}", style="dim")


def fields_of(line: str) -> dict[str, object] | None:
    """The fields of a structured line; None for any other."""
    if not line.startswith("{"):
        return None
    try:
        fields = json.loads(line)
    except ValueError:
        return None
    return fields if "event" in fields else None
