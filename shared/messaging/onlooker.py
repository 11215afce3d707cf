"""A lane that has no partitions looks on: do those that the others must have move?

Nothing tells a truly spare member from one that its group has lost, but what comes of it: records that nobody takes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from time import monotonic
from typing import Protocol

from shared.messaging.log import Place
from shared.messaging.watchdog import Watchdog


class Log(Protocol):
    """What is asked of a consumer: all partitions of its topics, and where their logs begin and end."""

    def all_places(self) -> set[Place]: ...
    def bounds(self, places: Collection[Place]) -> Mapping[Place, tuple[int, int]]: ...


class Onlooker:
    """Watches every partition of a lane from outside, four times a minute. `read` gives the stored offsets of some."""

    def __init__(
        self,
        log: Log,
        read: Callable[[Collection[Place]], Mapping[Place, int]],
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._log = log
        self._read = read
        self._stored: dict[Place, int] = {}
        self._watchdog = Watchdog(monotonic)

    def look(self) -> None:
        """Raises `Stalled` when there are records that nobody has taken for a minute."""
        self._watchdog.look(self, self._stored)

    def owned(self) -> set[Place]:
        """What the watchdog looks at: everything, whoever should have it."""
        return self._log.all_places()

    def bounds(self, places: Collection[Place]) -> Mapping[Place, tuple[int, int]]:
        """The bounds; and with them how far anyone has come. What nobody ever took stands at its beginning."""
        bounds = self._log.bounds(places)
        stored = self._read(places)
        self._stored.update({place: stored.get(place, first) for place, (first, _) in bounds.items()})
        return bounds
