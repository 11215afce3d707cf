"""A message whose subject is not known yet waits; its entity's later ones wait behind it; the partition goes on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from shared.contracts.catalog import TOP_UP, TOP_UP_COMMANDS, WORKSPACE_DIRECTORY
from shared.messaging.parking import LIMIT
from tests.integration.messaging.builders import command, workspace
from tests.integration.messaging.road_service import COMMANDS, DIRECTORY
from tests.integration.messaging.road_world import World, wait_until


class SettableClock:
    def __init__(self) -> None:
        self.offset = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset


def wait_until_parked(world: World, count: int) -> None:
    wait_until(lambda: world.query("SELECT count(*) FROM parked") == [(count,)], f"{count} parked messages")


def test_a_command_waits_for_its_workspace_and_the_others_go_on(world: World) -> None:
    world.lane(COMMANDS)
    world.send(TOP_UP_COMMANDS, command("late-1", 1), command("late-1", 2), command("w2", 3))
    world.wait_for_notes(1)
    wait_until_parked(world, 2)
    world.send(TOP_UP_COMMANDS, command("late-1", 4))
    wait_until_parked(world, 3)
    assert world.lines() == [("w2", "answered")]

    world.lane(DIRECTORY)
    world.send(WORKSPACE_DIRECTORY, workspace("late-1"))

    world.wait_for_notes(5)
    wait_until_parked(world, 0)
    offsets = world.query(
        "SELECT record_offset FROM notebook WHERE entity = 'late-1' AND note = 'answered' ORDER BY line"
    )
    assert offsets == sorted(offsets)
    assert len(offsets) == 3


def test_after_the_limit_it_is_answered_with_a_refusal(world: World) -> None:
    clock = SettableClock()
    world.relay()
    world.lane(COMMANDS, clock)
    world.send(TOP_UP_COMMANDS, command("late-1", 1), command("late-1", 2))
    wait_until_parked(world, 2)

    clock.offset = LIMIT + timedelta(seconds=1)

    world.wait_for_notes(2)
    world.wait_for_empty_outbox()
    assert world.notes("late-1") == ["refused", "refused"]
    assert len(world.events(TOP_UP)) == 2


def test_what_waits_survives_the_worker(world: World) -> None:
    first = world.lane(COMMANDS)
    world.send(TOP_UP_COMMANDS, command("late-1", 1), command("late-1", 2))
    wait_until_parked(world, 2)
    first.stop()

    world.lane(COMMANDS)
    world.lane(DIRECTORY)
    world.send(TOP_UP_COMMANDS, command("late-1", 3))
    world.send(WORKSPACE_DIRECTORY, workspace("late-1"))

    world.wait_for_notes(4)
    answered = world.query("SELECT record_offset FROM notebook WHERE note = 'answered' ORDER BY line")
    assert answered == sorted(answered)


def test_a_parked_message_that_comes_again_is_still_one(world: World) -> None:
    world.lane(COMMANDS)
    world.send(TOP_UP_COMMANDS, command("late-1", 1), command("late-1", 1))
    world.wait_for_offsets(TOP_UP_COMMANDS)
    world.send(TOP_UP_COMMANDS, command("late-1", 1))
    world.wait_for_offsets(TOP_UP_COMMANDS)

    wait_until_parked(world, 1)


def test_a_queue_behind_one_parked_message_is_answered_at_once_when_it_is(world: World) -> None:
    world.lane(COMMANDS)
    world.send(TOP_UP_COMMANDS, *(command(f"late-{number % 3}", number) for number in range(300)))
    wait_until_parked(world, 300)

    world.lane(DIRECTORY)
    world.send(WORKSPACE_DIRECTORY, *(workspace(f"late-{number}") for number in range(3)))

    world.wait_for_notes(303)
    for number in range(3):
        rows = world.query(
            "SELECT record_offset FROM notebook WHERE entity = %s AND note = 'answered' ORDER BY line",
            (f"late-{number}",),
        )
        assert rows == sorted(rows)
        assert len(rows) == 100
