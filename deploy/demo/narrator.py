"""How the story is told: a timeline for people (rich), or one JSON document for machines. Every check is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table

PAGE_COLUMNS = 120  # where nobody can tell the width of the terminal


class ExpectationFailed(Exception):
    """A step saw something else than it must see."""

    def __init__(self, step: str, expectation: str, saw: str) -> None:
        super().__init__(f"step {step}: expected that {expectation}; saw: {saw}")


@dataclass(slots=True)
class Chapter:
    """One step of the story and what was checked in it."""

    number: str
    title: str
    checks: list[str] = field(default_factory=list)
    facts: dict[str, object] = field(default_factory=dict)
    seconds: float = 0.0


class Narrator:
    """Tells the steps as they happen. `console` is None when only JSON is wanted."""

    def __init__(self, console: Console | None) -> None:
        self._console = console
        self._started = time.monotonic()
        self.chapters: list[Chapter] = []

    def step(self, number: str, title: str) -> None:
        """Begin a step."""
        self._close()
        self.chapters.append(Chapter(number, title))
        self._step_started = time.monotonic()
        if self._console:
            elapsed_s = time.monotonic() - self._started
            self._console.print(f"\n[bold cyan]{number}[/]  [bold]{escape(title)}[/]  [dim]+{elapsed_s:.1f} s[/]")

    def check(self, holds: bool, expectation: str, saw: object = "") -> None:
        """State what must be true here. Raises `ExpectationFailed` when it is not."""
        chapter = self.chapters[-1]
        if not holds:
            raise ExpectationFailed(f"{chapter.number} ({chapter.title})", expectation, str(saw) or "the opposite")
        chapter.checks.append(expectation)
        if self._console:
            self._console.print(f"   [green]✔[/] {escape(expectation)}")

    def tell(self, **facts: object) -> None:
        """Keep figures of this step; people see them in one dim line."""
        self.chapters[-1].facts.update(facts)
        if self._console:
            line = "   ".join(f"{name.replace('_', ' ')}: {value}" for name, value in facts.items())
            self._console.print(f"     [dim]{escape(line)}[/]", soft_wrap=True)

    def table(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """A small table of what there is to see."""
        self.chapters[-1].facts.setdefault("rows", [list(map(str, row)) for row in rows])
        if self._console:
            table = Table(*columns, box=None, pad_edge=False, header_style="dim", padding=(0, 3, 0, 0))
            for row in rows:
                table.add_row(*(escape(str(cell)) for cell in row))
            self._console.print(Padding(table, (0, 0, 0, 5)))

    def letter(self, title: str, text: str) -> None:
        """A mail as it arrived."""
        self.chapters[-1].facts["mail"] = text
        if self._console:
            panel = Panel(escape(text.strip()), title=escape(title), title_align="left", width=PAGE_COLUMNS - 6)
            self._console.print(Padding(panel, (0, 0, 0, 5)))

    def finish(self) -> dict[str, object]:
        """Close the last step and give the whole story as one JSON object."""
        self._close()
        checks = sum(len(chapter.checks) for chapter in self.chapters)
        seconds = round(time.monotonic() - self._started, 1)
        if self._console:
            self._console.print(
                f"\n[bold green]Every expectation held:[/] {checks} checks in {len(self.chapters)} steps, {seconds} s."
            )
        steps = [
            {
                "step": chapter.number,
                "title": chapter.title,
                "checks": chapter.checks,
                "seconds": round(chapter.seconds, 2),
                **chapter.facts,
            }
            for chapter in self.chapters
        ]
        return {"ok": True, "checks": checks, "seconds": seconds, "steps": steps}

    def _close(self) -> None:
        if self.chapters and not self.chapters[-1].seconds:
            self.chapters[-1].seconds = time.monotonic() - self._step_started
