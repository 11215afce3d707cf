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
from deploy.local.run_folder import RunFolder
from deploy.local.stack import Stack
from deploy.local.trouble import Trouble
from deploy.local.world import World
from deploy.stripe_sandbox.control import SandboxControl
from shared.messaging.settings import KafkaSettings

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

# Saved payment methods of the story's workspace, by the test card behind each ("Testing", Stripe's documentation).
CARDS = (
    ("pm_acme_visa", "pm_card_visa"),
    ("pm_acme_empty", "pm_card_visa_chargeDeclinedInsufficientFunds"),
    ("pm_acme_3ds", "pm_card_authenticationRequired"),
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
                kafka = KafkaSettings(bootstrap=(stack.kafka.bootstrap,))
                _furnish(stack.world)
                _say(console, f"Up after {time.monotonic() - started:.1f} s. Logs and data: {folder.path.name}")
                stage = Stage.open(stack.world, kafka, narrator)
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


def _furnish(world: World) -> None:
    """The people, the catalog and the cards that the story needs, and the workers."""
    sandbox = SandboxControl(f"http://127.0.0.1:{world.sandbox.port}")
    sandbox.customer("cus_acme", cards=CARDS)
    world.start_workers()


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=PAGE_COLUMNS, highlight=False)


def _say(console: Console | None, line: str) -> None:
    if console:
        console.print(f"[dim]{line}[/]")
