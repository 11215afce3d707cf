"""From Kafka to committed effects, and from the outbox back to Kafka: each message once, whatever repeats."""

from __future__ import annotations

from datetime import timedelta

import psycopg
import pytest

from shared.contracts.catalog import TOP_UP, TOP_UP_COMMANDS, WORKSPACE_DIRECTORY
from shared.messaging import inbox
from tests.integration.messaging.builders import command, workspace
from tests.integration.messaging.road_service import COMMANDS, DIRECTORY
from tests.integration.messaging.road_world import World


def test_every_message_has_its_effect_once_and_in_the_order_of_its_entity(world: World) -> None:
    for number in range(1, 6):
        world.send(WORKSPACE_DIRECTORY, *(workspace(f"w{entity}", number) for entity in range(20)))

    world.lane(DIRECTORY)
    world.wait_for_notes(100)

    world.wait_for_offsets(WORKSPACE_DIRECTORY)
    assert len(world.notes()) == 100
    for entity in range(20):
        assert world.notes(f"w{entity}") == [f"w{entity} v{number}" for number in range(1, 6)]


def test_answers_are_published_with_their_cause_and_derived_ids(world: World) -> None:
    world.relay()
    world.lane(COMMANDS)
    world.send(TOP_UP_COMMANDS, command("w1"), ids=["command-1"])
    world.wait_for_notes(1)
    world.wait_for_empty_outbox()

    (answer,) = world.events(TOP_UP)

    assert answer["causationid"] == "command-1"
    assert answer["correlationid"] == "command-1"
    assert answer["source"] == "/refill/billing"
    assert answer["data"]["workspace_id"] == "w1"


@pytest.mark.case(4)
def test_a_message_delivered_twice_has_one_effect(world: World) -> None:
    world.send(TOP_UP_COMMANDS, command("w1"), command("w1"), command("w2"))
    world.lane(COMMANDS)
    world.wait_for_offsets(TOP_UP_COMMANDS)
    world.send(TOP_UP_COMMANDS, command("w1"), command("w3"))

    world.wait_for_offsets(TOP_UP_COMMANDS)

    assert sorted(entity for entity, _ in world.lines()) == ["w1", "w2", "w3"]


def test_a_restarted_lane_goes_on_where_it_stopped(world: World) -> None:
    world.send(TOP_UP_COMMANDS, command("w1"))
    first = world.lane(COMMANDS)
    world.wait_for_notes(1)
    first.stop()
    world.send(TOP_UP_COMMANDS, command("w2"))

    world.lane(COMMANDS)

    world.wait_for_notes(2)
    assert [entity for entity, _ in world.lines()] == ["w1", "w2"]
    assert first.error is None


def test_old_envelopes_are_forgotten_by_the_owner_and_never_by_a_worker(world: World) -> None:
    world.send(TOP_UP_COMMANDS, command("w1"), command("w2"))
    world.lane(COMMANDS)
    world.wait_for_notes(2)
    with world.owner() as connection:
        connection.execute("SET search_path = billing")
        assert inbox.prune(connection, world.now() + inbox.KEPT - timedelta(days=1)) == 0
        assert inbox.prune(connection, world.now() + inbox.KEPT + timedelta(seconds=1)) == 2

    with pytest.raises(psycopg.errors.InsufficientPrivilege), world.database.transaction() as worker:
        inbox.prune(worker, world.now())
