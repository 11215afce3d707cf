"""`make demo`: starts a stack, plays the story on it, checks every step, removes everything."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from functools import partial

from rich.console import Console

from deploy.demo.narrator import PAGE_COLUMNS, ExpectationFailed, Narrator
from deploy.demo.stacks import STACKS
from deploy.demo.stage import Stage
from deploy.demo.steps import asking, books, burning, buying, crashing, declining, pausing, repeating, usage
from deploy.demo.witness import NeverHappened
from deploy.local.trouble import Trouble

STEPS: tuple[Callable[[Stage], None], ...] = (
    usage.play,
    asking.play,
    buying.play,
    repeating.play,
    declining.play,
    burning.play,
    pausing.play,
    crashing.play,
    books.play,
)


def run(stack: str, json_output: bool = False) -> int:
    """Play the story on one of `STACKS`. Returns 0 when every expectation held, 1 otherwise, saying which did not."""
    console = None if json_output else _console()
    narrator = Narrator(console)
    try:
        with STACKS[stack](partial(_say, console)) as scene:
            stage = Stage.open(scene, narrator)
            try:
                stage.load_examples()
                for step in STEPS:
                    step(stage)
            finally:
                stage.close()
            story = narrator.finish()
    except (ExpectationFailed, NeverHappened, Trouble, AssertionError) as failure:
        where = f" in step {narrator.chapters[-1].number}" if narrator.chapters else ""
        if json_output:
            print(json.dumps({"ok": False, "error": f"{failure}{where}"}))
        print(f"The story failed{where}: {failure}", file=sys.stderr)
        return 1
    if json_output:
        print(json.dumps(story, indent=2, default=str))
    return 0


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=PAGE_COLUMNS, highlight=False)


def _say(console: Console | None, line: str) -> None:
    if console:
        console.print(f"[dim]{line}[/]")
