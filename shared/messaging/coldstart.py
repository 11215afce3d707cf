"""No commands and no usage before the directory is known: until it has been read up to where it ended at the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg

from shared.messaging import offsets
from shared.messaging.kafka import bounds_of
from shared.messaging.log import Place
from shared.messaging.settings import KafkaSettings
from shared.messaging.work import Lane

LOOK_EVERY_S = 0.1


class ColdStart:
    """What a lane waits for: offsets that other lanes of the service, here or in another process, must have passed."""

    def __init__(self, goals: Mapping[Place, int]) -> None:
        self._goals = dict(goals)

    @classmethod
    def of(cls, lane: Lane[Any], settings: KafkaSettings) -> ColdStart:
        """The present ends of the topics in `lane.after`. Raises Weather when the broker is away."""
        topics = [topic.name for topic in lane.after]
        bounds = bounds_of(settings, topics) if topics else {}
        return cls({place: end for place, (first, end) in bounds.items() if end > first})

    def behind(self, connection: psycopg.Connection) -> Sequence[Place]:
        """The partitions that have not been read so far yet; none means that the lane may start."""
        if not self._goals:
            return []
        read = offsets.read_topics(connection, sorted({place.topic for place in self._goals}))
        return [place for place, goal in self._goals.items() if read.get(place, 0) < goal]
