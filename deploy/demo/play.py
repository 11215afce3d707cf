"""`make demo`: starts the stack, plays the story, checks every step, stops everything."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from rich.console import Console

from deploy.demo.narrator import PAGE_COLUMNS, ExpectationFailed, Narrator
from deploy.demo.stage import Stage
from deploy.demo.steps import asking, books, burning, buying, crashing, declining, pausing, repeating, usage
from deploy.demo.witness import NeverHappened
from deploy.local.example_cards import save_example_cards
from deploy.local.run_folder import RunFolder
from deploy.local.stack import Stack
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


def run(json_output: bool = False) -> int:
    """Play the story. Returns 0 when every expectation held, 1 otherwise, saying which did not."""
    console = None if json_output else _console()
    narrator = Narrator(console)
    try:
        with RunFolder.claim_any("demo") as folder:
            started = time.monotonic()
            _say(console, "Starting a real Kafka, a real PostgreSQL, the Stripe sandbox and a mail server ...")
            with Stack(folder) as stack:
                save_example_cards(stack.world.sandbox_url)
                stack.world.start_workers()
                _say(console, f"Up after {time.monotonic() - started:.1f} s. Logs and data: {folder.path.name}")
                stage = Stage.open(stack.world, narrator)
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
