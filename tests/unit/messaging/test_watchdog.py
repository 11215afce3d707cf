"""A partition that has records and delivers none for a minute is a stall; an idle one, or a broker away, is not."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from shared.messaging.failures import Weather
from shared.messaging.log import Place
from shared.messaging.watchdog import LOOK_EVERY_S, PATIENCE_S, Stalled, Watchdog

PLACE = Place("topic", 0)


class Log:
    """A log of one partition."""

    def __init__(self, end: int) -> None:
        self.end = end
        self.away = False

    def owned(self) -> set[Place]:
        return {PLACE}

    def bounds(self, places: Collection[Place]) -> Mapping[Place, tuple[int, int]]:
        if self.away:
            raise Weather("away")
        return dict.fromkeys(places, (0, self.end))


class Watch:
    """A watchdog whose time is set by the test."""

    def __init__(self, log: Log) -> None:
        self.time = 0.0
        self.log = log
        self.dog = Watchdog(lambda: self.time)

    def wait(self, seconds: float, stored: int) -> None:
        until = self.time + seconds
        while self.time < until:
            self.time += LOOK_EVERY_S
            self.dog.look(self.log, {PLACE: stored})


@pytest.mark.case(25)
def test_records_that_do_not_come_for_a_minute_are_a_stall() -> None:
    watch = Watch(Log(end=10))

    with pytest.raises(Stalled, match=r"topic\[0\]"):
        watch.wait(PATIENCE_S + 2 * LOOK_EVERY_S, stored=5)


def test_an_idle_partition_is_none() -> None:
    Watch(Log(end=5)).wait(10 * PATIENCE_S, stored=5)


def test_a_partition_that_moves_on_is_none() -> None:
    watch = Watch(Log(end=1000))
    for stored in range(20):
        watch.wait(PATIENCE_S / 2, stored)


def test_a_broker_that_is_away_is_none() -> None:
    log = Log(end=10)
    watch = Watch(log)
    for _ in range(10):
        log.away = False
        watch.wait(PATIENCE_S / 2, stored=5)
        log.away = True
        watch.wait(LOOK_EVERY_S, stored=5)


def test_a_partition_placed_anew_gets_its_minute_anew() -> None:
    watch = Watch(Log(end=10))
    for _ in range(5):
        watch.wait(PATIENCE_S / 2, stored=5)
        watch.dog.forget({PLACE})
