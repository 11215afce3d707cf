"""A broker that stalls answers late: what the relay gave up may still reach the log, so it lets its time run out."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploy.local.cluster import Cluster
from deploy.local.kafka import KafkaBroker
from shared.messaging.relay import MARGIN_S
from tests.fault.messaging.test_road_servers import world_on
from tests.integration.messaging.road_world import World, wait_until
from tests.integration.messaging.test_relay import cancelled, published, write


@contextmanager
def stalled(broker: KafkaBroker) -> Iterator[None]:
    """As by a full disk or a long collection of garbage: connections stand, and nobody answers."""
    os.kill(broker.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(broker.pid, signal.SIGCONT)


@pytest.fixture
def world(own_kafka: KafkaBroker, cluster: Cluster) -> Iterator[World]:
    with world_on(own_kafka.admin, cluster) as made:
        yield made


@pytest.mark.case(21)
def test_after_a_sending_of_unknown_outcome_the_relay_waits_as_a_successor_would(
    world: World, own_kafka: KafkaBroker
) -> None:
    relay = world.relay()
    write(world, cancelled("w1", 1))
    world.wait_for_empty_outbox()

    with stalled(own_kafka):
        began = time.monotonic()
        write(world, cancelled("w1", 2))
        wait_until(lambda: relay.target.figures["failed"] == 1, "the end of the relay's patience")
    write(world, cancelled("w1", 3))
    world.wait_for_empty_outbox()

    assert time.monotonic() - began >= world.settings.delivery_timeout_ms / 1000 + MARGIN_S
    assert relay.error is None
    in_order = [request[-1] for _, request in published(world)]
    assert [*dict.fromkeys(in_order)] == ["1", "2", "3"]
    assert in_order[-1] == "3"


@pytest.mark.case(21)
def test_a_relay_stopped_while_something_may_still_land_has_its_successor_wait(
    world: World, own_kafka: KafkaBroker
) -> None:
    relay = world.relay()
    write(world, cancelled("w1", 1))
    world.wait_for_empty_outbox()

    with stalled(own_kafka):
        write(world, cancelled("w1", 2))
        wait_until(lambda: relay.target.figures["failed"] == 1, "the end of the relay's patience")
        relay.stop()

    assert world.query("SELECT sending_since IS NULL FROM relay_lease") == [(False,)]
