"""The embedded stack: up, down, and the demo."""

from __future__ import annotations

import typer

from services.cli.options import AsJson


def up() -> None:
    """Start Kafka, PostgreSQL, the sandbox and the workers; keep them running here until Ctrl-C."""
    from deploy.local.up import run_up  # what the stack needs is not installed where only the client is

    raise typer.Exit(run_up())


def down() -> None:
    """Stop what `refill up` started, from another terminal."""
    from deploy.local.up import down as stop

    raise typer.Exit(stop())


def demo(as_json: AsJson = False) -> None:
    """Play the whole story on a stack of its own, check every step, and stop everything."""
    from deploy.demo import run

    raise typer.Exit(run(as_json))
