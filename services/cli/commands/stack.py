"""The embedded stack: up, down, and the demo. Programs of their own; this command line only starts them."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from services.cli.options import AsJson


def up() -> None:
    """Start Kafka, PostgreSQL, the sandbox and the workers; keep them running here until Ctrl-C."""
    _become("deploy.local", "up")


def down() -> None:
    """Stop what `refill up` started, from another terminal."""
    _become("deploy.local", "down")


def demo(as_json: AsJson = False) -> None:
    """Play the whole story on a stack of its own, check every step, and stop everything."""
    _become("deploy.demo", *(["--json"] if as_json else []))


def _become(module: str, *words: str) -> NoReturn:
    """Go on as that program: its terminal, its signals and its exit code are this one's."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", module, *words])
