"""SIGTERM and SIGINT as a call: made in a thread of its own, whatever the main thread is at."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable

import structlog

log = structlog.get_logger()


def stop_on_signals(stop: Callable[[], object]) -> None:
    """Have `stop` called at the first SIGTERM or SIGINT; the second of a kind ends the process at once.

    Python runs a handler in the main thread alone, between two of its steps: a signal that another thread takes, or
    that comes just before the main thread begins to wait, is seen only when it wakes up, and it may wait for ever. So
    the byte that tells is written by the interpreter itself, at once and in whichever thread (`set_wakeup_fd`).
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)

    def note(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)  # whoever asks twice means it

    def listen() -> None:
        number = os.read(reading, 1)[0]
        log.info("worker.signalled", signal=signal.Signals(number).name)
        stop()

    signal.set_wakeup_fd(writing)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, note)
    threading.Thread(target=listen, name="signals", daemon=True).start()
