"""Waiting until something is so, with a limit."""

import time
from collections.abc import Callable

PAUSE_S = 0.03  # short beside the fastest start of a server, 0.3 s


def wait_until(condition: Callable[[], bool], timeout_s: float, what: str, pause_s: float = PAUSE_S) -> None:
    """Returns when the condition holds; raises TimeoutError naming `what` when it does not within `timeout_s`
    seconds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() >= deadline:
            raise TimeoutError(f"{what}: not within {timeout_s:g} s")
        time.sleep(pause_s)
