"""Where to go on reading a partition that was just assigned: at the stored offset, if the log still holds it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from time import monotonic

import psycopg

from shared.messaging import offsets, parking, quarantine
from shared.messaging.failures import Weather
from shared.messaging.kafka import GroupConsumer
from shared.messaging.log import Place

# Right after a broker's restart its log may seem shorter than it is; longer than this, and it is shorter.
PAST_THE_END_S = 30


class MissingRecords(Exception):
    """The log does not hold what the lane has to read next. A person decides; the worker stops."""


@dataclass(frozen=True, slots=True)
class Placement:
    """For each partition the offset to go on at, and how many messages are parked there; what was set aside."""

    offsets: dict[Place, int]
    waiting: dict[Place, int]
    set_aside: dict[tuple[Place, int], str]


class Placer:
    """Finds placements for one lane."""

    def __init__(self, lane: str) -> None:
        self._lane = lane
        self._past_the_end_since: float | None = None

    def find(self, connection: psycopg.Connection, consumer: GroupConsumer, places: Collection[Place]) -> Placement:
        """Read the stored offsets; a partition without one begins at the beginning of its log.

        Raises `MissingRecords` when the log has lost what comes next, `Weather` when it cannot be told yet.
        """
        wanted = sorted(places)
        bounds = consumer.bounds(wanted)
        with connection.transaction():
            stored = offsets.read(connection, self._lane, wanted)
            if len(stored) < len(wanted):
                new = {place: bounds[place][0] for place in wanted if place not in stored}
                offsets.begin(connection, self._lane, new)
                stored = offsets.read(connection, self._lane, wanted)
            waiting = parking.count(connection, self._lane, wanted)
            set_aside = quarantine.read(connection, sorted({place.topic for place in wanted}))
        self._check(stored, bounds)
        return Placement(stored, waiting, set_aside)

    def _check(self, stored: Mapping[Place, int], bounds: Mapping[Place, tuple[int, int]]) -> None:
        for place, offset in stored.items():
            first, end = bounds[place]
            if offset < first:
                raise MissingRecords(
                    f"lane {self._lane}: records {offset} to {first - 1} of {place.topic}[{place.partition}] are gone "
                    "from the log and were never read here. Bring them back from a backup of the topic; or, if nothing "
                    f"in them matters, set next_offset to {first} in the service's table offsets. Then start again."
                )
            if offset > end:
                self._past_the_end(place, offset, end)
                return
        self._past_the_end_since = None

    def _past_the_end(self, place: Place, offset: int, end: int) -> None:
        said = f"lane {self._lane} stands at {offset} of {place.topic}[{place.partition}], whose log ends at {end}"
        now = monotonic()
        self._past_the_end_since = self._past_the_end_since or now
        if now - self._past_the_end_since < PAST_THE_END_S:
            raise Weather(said)
        raise MissingRecords(
            f"{said}: the topic was made anew, cut off, or this is another cluster than before. "
            "Find out which, and set next_offset in the service's table offsets by hand. Then start again."
        )
