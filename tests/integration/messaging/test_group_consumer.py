"""What the client does between two polls must not lose the membership."""

from __future__ import annotations

import time

from shared.contracts.catalog import TOP_UP_COMMANDS, WORKSPACE_DIRECTORY
from shared.messaging.kafka import GroupConsumer
from shared.messaging.log import Place
from tests.integration.messaging.builders import workspace
from tests.integration.messaging.road_world import PARTITIONS, World, wait_until


def all_places() -> set[Place]:
    return {Place(WORKSPACE_DIRECTORY.name, number) for number in range(PARTITIONS)}


def test_a_joining_that_ends_between_two_polls_is_taken_up(world: World) -> None:
    consumer = GroupConsumer(world.settings, "lost-join", [WORKSPACE_DIRECTORY.name])
    for _ in range(100):  # polls too short to see a joining end: the client forgets it (kafka-python 3.0.12)
        consumer._consumer.poll(timeout_ms=1)
        time.sleep(0.01)

    wait_until(lambda: not consumer.poll(50, 1) and consumer.fresh() == all_places(), "an assignment")

    consumer.close()


def test_nothing_is_delivered_before_its_partition_is_placed(world: World) -> None:
    world.send(WORKSPACE_DIRECTORY, *(workspace(f"w{number}") for number in range(20)))
    consumer = GroupConsumer(world.settings, "unplaced", [WORKSPACE_DIRECTORY.name])
    wait_until(lambda: not consumer.poll(50, 100) and consumer.fresh() == all_places(), "an assignment")
    assert consumer.owned() == set()
    assert not consumer.poll(300, 100)

    consumer.place(dict.fromkeys(all_places(), 3))

    found: dict[Place, int] = {}
    while len(found) < PARTITIONS:
        for place, records in consumer.poll(200, 100).items():
            found.setdefault(place, records[0].offset)
    assert set(found.values()) == {3}
    assert consumer.fresh() == set()
    consumer.close()


def test_what_is_held_stays_silent_and_comes_afterwards(world: World) -> None:
    consumer = GroupConsumer(world.settings, "held", [TOP_UP_COMMANDS.name, WORKSPACE_DIRECTORY.name])
    wait_until(lambda: not consumer.poll(50, 100) and len(consumer.fresh()) == 2 * PARTITIONS, "an assignment")
    consumer.place(dict.fromkeys(consumer.fresh(), 0))
    consumer.hold()
    world.send(WORKSPACE_DIRECTORY, workspace("w1"))
    assert not consumer.poll(300, 100)

    consumer.release()

    wait_until(lambda: bool(consumer.poll(200, 100)), "the record")
    consumer.close()
