"""A broker that answers slowly, and a client that idles, cost time and never a membership."""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Any

import pytest
from kafka.net.manager import KafkaConnectionManager

from shared.contracts.catalog import TOP_UP_COMMANDS
from shared.messaging import watchdog
from shared.messaging.kafka import GroupConsumer
from shared.messaging.log import Record
from tests.integration.messaging.builders import command
from tests.integration.messaging.road_service import COMMANDS
from tests.integration.messaging.road_world import World, wait_until

pytestmark = pytest.mark.case(25)

DELAYS_S = {"MetadataRequest": 0.6, "SyncGroupRequest": 0.4}  # longer than a poll: its answer comes between two


@pytest.fixture
def busy_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Delays what a busy broker delays."""
    send = KafkaConnectionManager.send

    def slowly(self: Any, request: Any, node_id: Any = None, request_timeout_ms: int | None = None) -> Any:
        name = type(request).__name__

        async def later() -> Any:
            await self._net.sleep(DELAYS_S[name])
            return await send(self, request, node_id=node_id, request_timeout_ms=request_timeout_ms)

        if name in DELAYS_S:
            return self.call_soon(later)
        return send(self, request, node_id=node_id, request_timeout_ms=request_timeout_ms)

    monkeypatch.setattr(KafkaConnectionManager, "send", slowly)


@pytest.mark.usefixtures("busy_broker")
def test_topics_that_are_told_late_are_in_the_very_first_assignment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assignments: list[int] = []
    assigned = GroupConsumer.on_partitions_assigned

    def noted(self: GroupConsumer, partitions: Collection[Any]) -> None:
        assignments.append(len(partitions))
        assigned(self, partitions)

    monkeypatch.setattr(GroupConsumer, "on_partitions_assigned", noted)
    consumer = GroupConsumer(world.settings, "slow", [TOP_UP_COMMANDS.name])

    wait_until(lambda: not consumer.poll(200, 1) and bool(assignments), "an assignment")

    assert assignments[0] == len(consumer.all_places())
    consumer.close()


def test_a_member_that_its_group_has_lost_joins_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(watchdog, "PATIENCE_S", 1.0)
    poll = GroupConsumer.poll
    idle: list[GroupConsumer] = []

    def idly(self: GroupConsumer, timeout_ms: int, max_records: int) -> dict[Any, list[Record]]:
        if not idle:
            idle.append(self)
        if self is idle[0]:
            time.sleep(timeout_ms / 1000)
            return {}
        return poll(self, timeout_ms, max_records)

    monkeypatch.setattr(GroupConsumer, "poll", idly)
    world.send(TOP_UP_COMMANDS, command("w1"))

    world.lane(COMMANDS)

    world.wait_for_notes(1)
