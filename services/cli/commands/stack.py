"""A stack of this machine: up, down, and the demo. Programs of their own; this command line only starts them."""

from __future__ import annotations

import os
import sys
from enum import StrEnum
from typing import Annotated, NoReturn

import typer

from services.cli.options import AsJson


class StackName(StrEnum):
    """What the demo can be played on."""

    EMBEDDED = "embedded"
    CONTAINERS = "containers"


Stack = Annotated[StackName, typer.Option("--stack", help="Processes of this machine, or Docker's containers.")]


def up() -> None:
    """Start Kafka, PostgreSQL, the sandbox and the workers; keep them running here until Ctrl-C."""
    _become("deploy.local", "up")


def down() -> None:
    """Stop what `refill up` started, from another terminal."""
    _become("deploy.local", "down")


def demo(as_json: AsJson = False, stack: Stack = StackName.EMBEDDED) -> None:
    """Play the whole story on a stack of its own, check every step, and stop everything."""
    _become("deploy.demo", "--stack", stack.value, *(["--json"] if as_json else []))


def _become(module: str, *words: str) -> NoReturn:
    """Go on as that program: its terminal, its signals and its exit code are this one's."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *words])
