"""How an alarm that rests leaves time to others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import pytest

from shared.messaging import alarms
from shared.messaging.alarms import AlarmClock
from shared.messaging.desk import Desk, Entry
from shared.messaging.leases import Lease
from shared.messaging.work import Alarm, Outgoing, Timers, Work


class _Stopping(threading.Event):
    """Remembers the rests that it was waited for, and lasts none of them."""

    def __init__(self) -> None:
        super().__init__()
        self.rests: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.rests.append(timeout)
        return False


class _Desk:
    """Three batches are due; each takes two seconds."""

    def __init__(self, now: list[float]) -> None:
        self.stopping = _Stopping()
        self.keeper = SimpleNamespace(keeping=lambda lease, for_s: nullcontext())
        self._now = now

    def serve(self, kind: str, limit: int, attend: Callable[[Lease], None]) -> None:
        for number in range(3):
            attend(Lease(kind, (str(number),), uuid4()))

    @contextmanager
    def transaction(self, lease: Lease) -> Iterator[Entry[None]]:
        yield Entry(Work(None, datetime(2026, 3, 10, tzinfo=UTC), cast(Timers, None)))
        self._now[0] += 2.0


def _nothing(refs: Sequence[str], work: Work[None]) -> list[Outgoing]:
    return []


@pytest.mark.parametrize(("rests", "waited"), [(0.0, []), (1.5, [3.0, 3.0, 3.0])])
def test_after_each_batch_it_rests_in_proportion_to_what_the_batch_took(
    monkeypatch: pytest.MonkeyPatch, rests: float, waited: list[float]
) -> None:
    now = [0.0]
    monkeypatch.setattr(alarms, "monotonic", lambda: now[0])
    desk = _Desk(now)
    AlarmClock(Alarm("sweep", _nothing, rests=rests), cast(Desk[Any], desk)).run()
    assert desk.stopping.rests == waited
