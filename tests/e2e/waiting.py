"""Waiting for what must come; never for a time to pass."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_S = 0.02
PATIENCE_S = 60.0  # things take milliseconds; a machine that does much else takes longer


def wait_until(holds: Callable[[], bool], what: str, timeout_s: float = PATIENCE_S, pause_s: float = PAUSE_S) -> None:
    """Look until it holds. Raises `AssertionError` naming `what`."""
    deadline = time.monotonic() + timeout_s
    while not holds():
        assert time.monotonic() < deadline, f"waited {timeout_s:.0f} s in vain until {what}"
        time.sleep(pause_s)
