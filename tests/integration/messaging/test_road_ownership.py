"""PostgreSQL decides who owns a partition: an old owner's batch, a rewound database, a log that lost its start."""

from __future__ import annotations

import time

import pytest

from shared.contracts.catalog import TOP_UP_COMMANDS, WORKSPACE_DIRECTORY
from shared.messaging.arrivals import arrive
from shared.messaging.batch import Road
from shared.messaging.clock import SystemClock
from shared.messaging.log import Place
from shared.messaging.offsets import Stale
from shared.messaging.placement import MissingRecords
from tests.integration.messaging.builders import command, workspace
from tests.integration.messaging.road_service import AFTER_DIRECTORY, COMMANDS, DIRECTORY, SERVICE, Notebook
from tests.integration.messaging.road_world import World, wait_until


def move_offsets(world: World, change: int) -> None:
    with world.database.transaction() as connection:
        connection.execute(
            "UPDATE offsets SET next_offset = next_offset + %s WHERE next_offset + %s >= 0", (change, change)
        )


@pytest.mark.case(20)
def test_an_old_owners_batch_has_no_effect(world: World) -> None:
    world.send(TOP_UP_COMMANDS, *(command("w1", number) for number in range(10)))
    world.lane(COMMANDS).target.ready.wait()
    world.wait_for_offsets(TOP_UP_COMMANDS)
    written = world.lines()
    arrivals = [arrive(TOP_UP_COMMANDS, place, record, {}) for place, record in world.read_all(TOP_UP_COMMANDS)]
    place = arrivals[0].place
    zombie = Road(SERVICE, COMMANDS, Notebook, SystemClock())

    with world.database.connect() as connection:
        connection.autocommit = True
        with pytest.raises(Stale):
            zombie.carry(connection, arrivals, {place: 0}, {place: 10}, some_wait=False)

    assert world.lines() == written


@pytest.mark.case(20)
def test_a_lane_whose_offset_was_moved_reads_it_again_and_goes_on(world: World) -> None:
    lane = world.lane(DIRECTORY)
    world.send(WORKSPACE_DIRECTORY, *(workspace("w1", number) for number in range(1, 6)))
    world.wait_for_offsets(WORKSPACE_DIRECTORY)

    move_offsets(world, -2)
    world.send(WORKSPACE_DIRECTORY, workspace("w1", 6))
    world.wait_for_offsets(WORKSPACE_DIRECTORY)

    assert world.notes("w1") == [f"w1 v{number}" for number in range(1, 7)]
    assert lane.target.figures["lost_its_place"] > 0


@pytest.mark.case(12)
def test_a_database_that_was_set_back_heals_from_the_log(world: World) -> None:
    world.send(TOP_UP_COMMANDS, *(command("w1", number) for number in range(20)))
    first = world.lane(COMMANDS)
    world.wait_for_offsets(TOP_UP_COMMANDS)
    first.stop()
    before = {value[0] for value in world.query("SELECT event_id FROM outbox")}
    with world.owner() as connection:
        connection.execute("DELETE FROM billing.notebook WHERE record_offset >= 5")
        connection.execute("DELETE FROM billing.inbox")
        connection.execute("DELETE FROM billing.outbox")
        connection.execute("UPDATE billing.offsets SET next_offset = 5 WHERE next_offset > 5")

    world.lane(COMMANDS)
    world.wait_for_offsets(TOP_UP_COMMANDS)

    assert len(world.lines()) == 20
    again = {value[0] for value in world.query("SELECT event_id FROM outbox")}
    assert again < before
    assert len(again) == 15


@pytest.mark.case(20)
def test_lanes_that_come_and_go_leave_every_effect_once(world: World) -> None:
    for burst in range(6):
        numbers = range(burst * 200, (burst + 1) * 200)
        world.send(TOP_UP_COMMANDS, *(command(f"w{number % 7}", number) for number in numbers))
        lane = world.lane(COMMANDS)
        if burst % 2:
            world.lane(COMMANDS)
            lane.stop()
    world.wait_for_offsets(TOP_UP_COMMANDS)

    assert len(world.lines()) == 1200
    for entity in range(7):
        rows = world.query("SELECT record_offset FROM notebook WHERE entity = %s ORDER BY line", (f"w{entity}",))
        assert rows == sorted(rows)


def test_a_log_that_lost_what_comes_next_stops_the_lane_and_says_what_is_missing(world: World) -> None:
    world.send(WORKSPACE_DIRECTORY, *(workspace("w1", number) for number in range(1, 6)))
    first = world.lane(DIRECTORY)
    world.wait_for_offsets(WORKSPACE_DIRECTORY)
    first.stop()
    move_offsets(world, -3)
    world.cut_log(WORKSPACE_DIRECTORY, before=4)

    error = world.lane(DIRECTORY).fails_with()

    assert isinstance(error, MissingRecords)
    assert "records 2 to 3 of workspace.directory.v1" in str(error)


def test_offsets_that_hold_no_record_are_passed(world: World) -> None:
    world.send(WORKSPACE_DIRECTORY, *(workspace("w1", number) for number in range(1, 6)))
    world.cut_log(WORKSPACE_DIRECTORY, before=5)
    world.lane(DIRECTORY)
    world.lane(AFTER_DIRECTORY)
    world.send(TOP_UP_COMMANDS, command("w9"))

    world.wait_for_notes(1)

    assert world.notes() == ["answered"]


def test_commands_wait_until_the_directory_is_read_up_to_where_it_ended_at_the_start(world: World) -> None:
    world.send(WORKSPACE_DIRECTORY, *(workspace(f"w{number}") for number in range(30)))
    world.send(TOP_UP_COMMANDS, command("w1"))
    commands = world.lane(AFTER_DIRECTORY)
    time.sleep(1.5)
    assert not commands.target.ready.is_set()
    assert world.lines() == []

    world.lane(DIRECTORY)

    world.wait_for_notes(31)
    assert world.lines()[-1] == ("w1", "answered")


def test_a_stopped_lane_leaves_its_group_at_once(world: World) -> None:
    world.send(TOP_UP_COMMANDS, command("w1", 1))
    first = world.lane(COMMANDS)
    world.wait_for_notes(1)
    started = time.monotonic()
    first.stop()
    second = world.lane(COMMANDS)
    wait_until(second.target.ready.is_set, "the partitions")

    # Far less than the session time-out of 6 s, for which a member that did not leave would hold them.
    assert time.monotonic() - started < 5.5


def test_places_are_named_by_the_catalog_whatever_the_prefix(world: World) -> None:
    world.send(TOP_UP_COMMANDS, command("w1"))
    world.lane(COMMANDS)
    world.wait_for_notes(1)

    assert set(world.offsets(TOP_UP_COMMANDS)) == {
        Place("billing.top-up.commands.v1", 0),
        Place("billing.top-up.commands.v1", 1),
    }
