"""One run of one of our modules: what a world needs of it, whatever it runs in."""

import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from deploy.local.child import Child
from deploy.local.run_folder import RunFolder


class Program(Protocol):
    """Started already; its output goes to a log. `Child` is one: a process of this machine."""

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative signal number when a signal ended it."""

    @property
    def running(self) -> bool: ...

    def send(self, number: signal.Signals) -> None:
        """Sends a signal; does nothing once the program has ended."""

    def stop(self, number: signal.Signals = signal.SIGTERM, grace_s: float = ...) -> int:
        """Asks it to end and waits; after `grace_s` seconds it is killed. Returns the exit code."""

    def kill(self) -> int:
        """Ends it at once, as a crash would. Returns the exit code."""

    def wait(self, timeout_s: float) -> int:
        """Waits for its own end. Raises subprocess.TimeoutExpired."""

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log."""


class Launch(Protocol):
    """Starts `python -m <words>` with this environment, its output appended to `log`."""

    def __call__(
        self, name: str, words: Sequence[str], run: RunFolder, *, log: Path, environment: Mapping[str, str]
    ) -> Program: ...


def launch_here(
    name: str, words: Sequence[str], run: RunFolder, *, log: Path, environment: Mapping[str, str]
) -> Program:
    """As a process of this machine, with this Python."""
    return Child(name, [sys.executable, "-m", *words], run, log=log, environment=environment)
