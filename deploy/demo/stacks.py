"""The stacks on which the story can be played, each as a scene that is up while the context lasts."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from deploy.compose.stack import ContainerStack
from deploy.demo.scene import Scene
from deploy.local.example_cards import save_example_cards
from deploy.local.run_folder import RunFolder
from deploy.local.stack import Stack

Say = Callable[[str], None]

REACHED = re.compile(r"Container \S+?-demo-containers(?:-\d+)?-(?P<service>\S+)-\d+\s+(?P<state>Healthy|Exited)")
"""A step of compose that a person waits for; the rest of what it says is for whoever reads why it failed."""


@contextmanager
def embedded(say: Say) -> Iterator[Scene]:
    """Real servers as processes of this machine. Nothing but Python is needed."""
    with RunFolder.claim_any("demo") as run:
        started = time.monotonic()
        say("Starting a real Kafka, a real PostgreSQL, the Stripe sandbox and a mail server ...")
        with Stack(run, briefly=True) as stack:
            save_example_cards(stack.world.sandbox_url)
            stack.world.start_workers()
            say(_up(started, run))
            yield stack.world


@contextmanager
def containers(say: Say) -> Iterator[Scene]:
    """The compose project at the top: official images, and the image of this working tree."""
    with RunFolder.claim_any("demo-containers") as run:
        started = time.monotonic()
        say("Building the image, then starting Kafka, PostgreSQL, the Stripe sandbox, MailDev and the workers ...")
        reached: set[str] = set()

        def follow(line: str) -> None:
            step = REACHED.search(line)
            if step and step["service"] not in reached:
                reached.add(step["service"])
                say(f"  {step['service']}: {'done' if step['state'] == 'Exited' else 'healthy'}")

        with ContainerStack(run, say=follow) as stack:
            save_example_cards(stack.world.sandbox_url)
            say(_up(started, run))
            yield stack.world


def _up(started: float, run: RunFolder) -> str:
    return f"Up after {time.monotonic() - started:.1f} s. Logs and data: {run.path.name}"


STACKS: dict[str, Callable[[Say], AbstractContextManager[Scene]]] = {"embedded": embedded, "containers": containers}
