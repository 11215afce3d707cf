"""Before the work: waiting for what a worker depends on, and saying for what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from itertools import count
from time import monotonic

import structlog

from shared.messaging.failures import Unavailable, Unfit
from shared.messaging.patience import Stopped
from shared.messaging.preconditions import Trouble

log = structlog.get_logger()

LOOK_AGAIN_S = 0.5
# One line per 5 s is enough for a person, and few enough for a log.
TELL_EVERY = 10
# A server that is just starting may refuse what it takes a moment later; users and rights take a moment to get around.
FIRM_AFTER = 4


def wait_until_fit(
    looks: Sequence[Callable[[], list[Trouble]]],
    patience_s: float,
    stopping: threading.Event,
    tell: Callable[[list[str]], None],
) -> None:
    """Return when no look finds any trouble; what each round finds is told.

    Raises `Unfit` when some look finds one again and again that no waiting mends, `Unavailable` when there are others
    for longer than `patience_s`, `Stopped` when the worker is told to stop meanwhile.
    """
    until = monotonic() + patience_s
    lasting = 0
    for attempt in count():
        if stopping.is_set():
            raise Stopped("start")
        troubles = [trouble for look in looks for trouble in look()]
        if not troubles:
            return
        tell([trouble.sentence for trouble in troubles])
        lasting = 0 if all(trouble.passes for trouble in troubles) else lasting + 1
        if lasting >= FIRM_AFTER:
            raise Unfit(_all_of(troubles))
        if not lasting and monotonic() >= until:
            raise Unavailable(_all_of(troubles))
        if attempt % TELL_EVERY == 0:
            for trouble in troubles:
                log.warning("worker.waiting", waiting_for=trouble.about, reason=trouble.sentence)
        stopping.wait(LOOK_AGAIN_S)


def _all_of(troubles: Sequence[Trouble]) -> str:
    return "\n".join(["cannot start:", *(f"  {trouble.sentence}" for trouble in troubles)])
