"""A handler that fails on one message stops the worker at that message: all before it is done, nothing behind it."""

from __future__ import annotations

from base64 import b64decode

from shared.contracts.catalog import DEAD_LETTERS, TOP_UP_COMMANDS
from shared.messaging import quarantine
from shared.messaging.failures import Bug
from tests.integration.messaging.builders import command
from tests.integration.messaging.road_service import BUG, COMMANDS, SERVICE
from tests.integration.messaging.road_world import World, event


def stopped_by_bug(world: World) -> Bug:
    error = world.lane(COMMANDS).fails_with()
    assert isinstance(error, Bug)
    return error


def test_a_bug_is_halved_down_to_its_message(world: World) -> None:
    world.send(TOP_UP_COMMANDS, *(command(BUG if number == 37 else "w1", number) for number in range(100)))

    bug = stopped_by_bug(world)

    ((offset,),) = world.query(
        "SELECT next_offset FROM offsets WHERE topic = %s AND partition = %s", (bug.topic, bug.partition)
    )
    assert offset == bug.offset
    assert "ZeroDivisionError" in str(bug)
    assert "road_service.py" in str(bug)
    notes = world.query("SELECT record_offset FROM notebook WHERE partition = %s", (bug.partition,))
    assert sorted(notes) == [(number,) for number in range(bug.offset)]


def test_set_aside_by_a_person_it_goes_to_the_dead_letters_and_the_rest_goes_on(world: World) -> None:
    world.send(TOP_UP_COMMANDS, command("w1", 1), command(BUG, 2), command(BUG, 3), command("w1", 4))
    bug = stopped_by_bug(world)
    again = stopped_by_bug(world)
    assert (again.topic, again.partition, again.offset) == (bug.topic, bug.partition, bug.offset)

    for offset in (bug.offset, bug.offset + 1):
        with world.database.transaction() as connection:
            assert quarantine.set_aside(connection, bug.topic, bug.partition, offset, who="ann", reason="ticket 7")
    with world.database.transaction() as connection:
        assert not quarantine.set_aside(connection, bug.topic, bug.partition, bug.offset, who="bob", reason="again")

    world.relay()
    world.lane(COMMANDS)
    world.wait_for_notes(2)
    world.wait_for_offsets(TOP_UP_COMMANDS)
    world.wait_for_empty_outbox()
    letters = [found["data"] for found in world.events(DEAD_LETTERS[SERVICE])]
    assert {letter["reason"] for letter in letters} == {"quarantined"}
    assert {letter["detail"] for letter in letters} == {"set aside by ann: ticket 7"}
    assert sorted(b64decode(letter["value_base64"]) for letter in letters) == sorted(
        event(command(BUG, number)) for number in (2, 3)
    )


def test_the_reason_of_a_bug_holds_nothing_of_the_message(world: World) -> None:
    world.send(TOP_UP_COMMANDS, command(BUG, 424242))

    assert "424242" not in str(stopped_by_bug(world))
