"""A dead letter's original written again, by the bytes that `refill dead-letters redrive` writes: one effect."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from services.cli.dead_letters import letters_of
from services.cli.listening import Event
from services.cli.originals import original
from shared.contracts.catalog import DEAD_LETTERS, TOP_UP_COMMANDS
from shared.contracts.dead_letter import DeadLettered
from shared.contracts.envelope import Envelope
from shared.messaging import quarantine
from tests.integration.messaging.builders import command
from tests.integration.messaging.road_service import COMMANDS, SERVICE
from tests.integration.messaging.road_world import World

DEAD = DEAD_LETTERS[SERVICE]
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def as_event(found: dict[str, Any]) -> Event:
    envelope = Envelope(id=found["id"], source=found["source"], type=found["type"], time=NOW, data=found["data"])
    return Event(DEAD.name, NOW, envelope, DeadLettered.read(found["data"]))


@pytest.mark.rule("C11")
@pytest.mark.case(4, 19)
def test_redriven_again_and_again_a_message_has_its_effect_once_and_in_order(world: World) -> None:
    numbers = (1, 2, 3)
    world.send(TOP_UP_COMMANDS, *(command("w1", number) for number in numbers))
    places = [(place, record.offset) for place, record in world.read_all(TOP_UP_COMMANDS)]
    with world.database.transaction() as connection:
        for place, offset in places:
            quarantine.set_aside(connection, place.topic, place.partition, offset, who="ann", reason="ticket 7")
    world.relay()
    world.lane(COMMANDS)
    world.wait_for_offsets(TOP_UP_COMMANDS)
    world.wait_for_empty_outbox()
    assert world.lines() == []

    told = [as_event(found) for found in world.events(DEAD)]
    letters = letters_of([*reversed(told), *told])
    assert len(letters) == len(numbers)
    for _ in range(3):
        world.send_parcels(*(original(letter.content) for letter in letters))
    world.send(TOP_UP_COMMANDS, command("w1", 4))

    world.wait_for_offsets(TOP_UP_COMMANDS)
    world.wait_for_empty_outbox()
    assert len(world.lines()) == len(numbers) + 1
    written = [record.value for _, record in world.read_all(TOP_UP_COMMANDS)]
    assert written[3:6] == written[6:9] == written[9:12] == written[:3]
    assert len(world.events(DEAD)) == len(numbers)
