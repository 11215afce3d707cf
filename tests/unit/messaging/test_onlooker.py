"""A member without partitions is spare as long as somebody takes what comes; else its group has lost it."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pytest

from shared.messaging.log import Place
from shared.messaging.onlooker import Onlooker
from shared.messaging.watchdog import LOOK_EVERY_S, PATIENCE_S, Stalled

PLACE = Place("topic", 0)

pytestmark = pytest.mark.case(25)


class Group:
    """A topic of one partition, and how far the others have come. The clock goes on with every look."""

    def __init__(self, *, end: int, stored: int | None, speed: int = 0) -> None:
        self.end = end
        self.stored = stored
        self.speed = speed
        self.time = 0.0
        self.reads = 0
        self.onlooker = Onlooker(self, self.read, lambda: self.time)

    def all_places(self) -> set[Place]:
        return {PLACE}

    def bounds(self, places: Collection[Place]) -> Mapping[Place, tuple[int, int]]:
        return dict.fromkeys(places, (0, self.end))

    def read(self, places: Collection[Place]) -> Mapping[Place, int]:
        self.reads += 1
        if self.stored is None:
            return {}
        self.stored += self.speed
        return dict.fromkeys(places, self.stored)

    def look_on(self, seconds: float, every_s: float = LOOK_EVERY_S) -> None:
        until = self.time + seconds
        while self.time < until:
            self.time += every_s
            self.onlooker.look()


@pytest.mark.parametrize("stored", [None, 0, 5])
def test_records_that_nobody_takes_mean_that_the_group_has_lost_us(stored: int | None) -> None:
    with pytest.raises(Stalled):
        Group(end=9, stored=stored).look_on(PATIENCE_S + 2 * LOOK_EVERY_S)


def test_an_idle_group_keeps_its_spare_members() -> None:
    Group(end=9, stored=9).look_on(10 * PATIENCE_S)


def test_a_topic_that_never_held_anything_keeps_them_too() -> None:
    Group(end=0, stored=None).look_on(10 * PATIENCE_S)


def test_a_group_that_is_far_behind_and_moves_keeps_them_too() -> None:
    Group(end=1_000_000, stored=0, speed=1).look_on(10 * PATIENCE_S)


def test_looking_on_costs_one_question_in_a_while_however_often_one_polls() -> None:
    group = Group(end=9, stored=9)

    group.look_on(4 * LOOK_EVERY_S + 1, every_s=0.2)

    assert group.reads == 4
