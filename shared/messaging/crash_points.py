"""Named places where a test can have the process killed: `CRASH_AT=name:n` kills it the n-th time it gets there."""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

_reached: Counter[str] = Counter()
_lock = threading.Lock()
_target = os.environ.get("CRASH_AT", "")


def reach(name: str) -> None:
    """Say that this border was reached. Nothing happens unless `CRASH_AT` names it; then it is `kill -9`, for real."""
    if not _target:
        return
    wanted, _, count = _target.partition(":")
    if name != wanted:
        return
    with _lock:
        _reached[name] += 1
        if _reached[name] == int(count or 1):
            os.kill(os.getpid(), signal.SIGKILL)
