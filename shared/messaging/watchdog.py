"""A client that silently delivers nothing looks like an idle topic: now and then the lane asks which it is."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from time import monotonic
from typing import Protocol

from shared.messaging.failures import Weather
from shared.messaging.log import Place

LOOK_EVERY_S = 15.0
PATIENCE_S = 60.0


class Log(Protocol):
    """What the watchdog asks: which partitions are owned, and where their logs begin and end."""

    def owned(self) -> set[Place]: ...
    def bounds(self, places: Collection[Place]) -> Mapping[Place, tuple[int, int]]: ...


class Stalled(Exception):
    """There are records, nothing keeps us from them, and none has come for a minute: start the process again."""


class Watchdog:
    """Looks at an idle lane's partitions: how far they are behind, and since when they have not moved."""

    def __init__(self, monotonic: Callable[[], float] = monotonic) -> None:
        self._monotonic = monotonic
        self._look_at = monotonic() + LOOK_EVERY_S
        self._unmoved: dict[Place, tuple[int, float]] = {}

    def forget(self, places: Collection[Place]) -> None:
        """These have been placed anew: their time starts again."""
        for place in places:
            self._unmoved.pop(place, None)

    def look(self, log: Log, stored: Mapping[Place, int]) -> None:
        """Call when a poll gave nothing. Raises `Stalled`."""
        now = self._monotonic()
        if now < self._look_at:
            return
        self._look_at = now + LOOK_EVERY_S
        try:
            bounds = log.bounds(log.owned())
        except Weather:
            self._unmoved.clear()  # the broker is away: that is no stall
            return
        self._unmoved = {
            place: (stored[place], self._since(place, stored[place], now))
            for place, (_, end) in bounds.items()
            if end > stored[place]
        }
        for place, (offset, since) in self._unmoved.items():
            if now - since >= PATIENCE_S:
                raise Stalled(f"{place.topic}[{place.partition}] has records after {offset}, and none comes")

    def _since(self, place: Place, offset: int, now: float) -> float:
        before, since = self._unmoved.get(place, (offset, now))
        return since if before == offset else now
