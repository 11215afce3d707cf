"""A handler that fails on one message stops the worker at that message: all before it is done, nothing behind it."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Iterable, Sequence

import pytest
from psycopg.errors import UniqueViolation

from shared.contracts.catalog import DEAD_LETTERS, TOP_UP_COMMANDS
from shared.contracts.top_up_commands import CancelRequest
from shared.messaging import quarantine, weather
from shared.messaging.failures import Bug, Weather
from shared.messaging.log import Place
from shared.messaging.work import Effect, Handler, Lane, Once, Park, Reaction, Received, Work
from tests.integration.messaging.builders import command
from tests.integration.messaging.road_service import BUG, COMMANDS, SERVICE, Notebook, answer_commands
from tests.integration.messaging.road_world import World, event, wait_until


def park_all(batch: Sequence[Received[CancelRequest]], work: Work[Notebook]) -> Iterable[Effect]:
    return [Park(received, "everything") for received in batch]


WAITING: Lane[Notebook] = Lane("commands", (Reaction(TOP_UP_COMMANDS, CancelRequest, park_all, Once.INBOX),))


def too_slow(batch: Sequence[Received[CancelRequest]], work: Work[Notebook]) -> Iterable[Effect]:
    """Takes longer than a statement may, for one workspace."""
    if any(received.message.workspace_id == BUG for received in batch):
        work.repository.connection.execute("SET LOCAL statement_timeout = 20")
        work.repository.connection.execute("SELECT pg_sleep(60)")
    return answer_commands(batch, work)


def collide(batch: Sequence[Received[CancelRequest]], work: Work[Notebook]) -> Iterable[Effect]:
    """Writes a row twice, for one workspace, and takes it for another process's doing."""
    for _ in (1, 2):
        if any(received.message.workspace_id == BUG for received in batch):
            try:
                work.repository.connection.execute("INSERT INTO known VALUES ('twice')")
            except UniqueViolation as error:
                raise Weather("written elsewhere at this moment") from error
    return answer_commands(batch, work)


def stopped_by_bug(world: World, lane: Lane[Notebook] = COMMANDS) -> Bug:
    error = world.lane(lane).fails_with()
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


@pytest.mark.parametrize(("handler", "named"), [(too_slow, "QueryCanceled"), (collide, "Weather")])
def test_weather_that_one_message_brings_about_is_a_bug_in_the_end(
    world: World, monkeypatch: pytest.MonkeyPatch, handler: Handler[Notebook], named: str
) -> None:
    monkeypatch.setitem(weather.INSISTENCE, "23505", 3)
    lane = Lane("commands", (Reaction(TOP_UP_COMMANDS, CancelRequest, handler, Once.INBOX),))
    world.send(TOP_UP_COMMANDS, *(command(f"w{number}", number) for number in range(8)), command(BUG, 8))

    bug = stopped_by_bug(world, lane)

    assert named in str(bug)
    assert world.offsets(TOP_UP_COMMANDS)[Place(bug.topic, bug.partition)] == bug.offset
    assert bug.offset > 0
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


def test_a_parked_message_can_be_set_aside_too(world: World) -> None:
    world.send(TOP_UP_COMMANDS, command(BUG, 1, "late-ann"), command(BUG, 2, "late-ann"))
    waiting = world.lane(WAITING)
    wait_until(lambda: world.query("SELECT count(*) FROM parked") == [(2,)], "parked messages")
    waiting.stop()
    with world.owner() as connection:
        connection.execute("INSERT INTO billing.known VALUES ('late-ann')")
    bug = stopped_by_bug(world)
    with world.database.transaction() as connection:
        for offset in (bug.offset, bug.offset + 1):
            quarantine.set_aside(connection, bug.topic, bug.partition, offset, who="ann", reason="ticket 8")

    world.relay()
    world.lane(COMMANDS)
    wait_until(lambda: world.query("SELECT count(*) FROM parked") == [(0,)], "an empty car park")
    world.wait_for_empty_outbox()

    assert [found["data"]["reason"] for found in world.events(DEAD_LETTERS[SERVICE])] == ["quarantined"] * 2


def test_a_dead_letter_that_cannot_be_written_stops_the_lane_and_nothing_is_dropped(world: World) -> None:
    with world.owner() as connection:
        connection.execute("REVOKE INSERT ON billing.outbox FROM billing_worker")
    world.send_raw(TOP_UP_COMMANDS, b"w1", b"poison")

    bug = stopped_by_bug(world)

    assert "InsufficientPrivilege" in str(bug)
    assert set(world.offsets(TOP_UP_COMMANDS).values()) == {0}
