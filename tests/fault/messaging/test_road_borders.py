"""A worker killed with kill -9 at every border of the road, and started again: each effect once, each answer out."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local.cluster import Cluster
from deploy.local.environment import kafka_environment
from shared.contracts.catalog import TOP_UP, TOP_UP_COMMANDS, WORKSPACE_DIRECTORY
from shared.messaging.borders import BORDERS, Border
from shared.messaging.settings import KafkaSettings
from tests.integration.messaging.builders import command, workspace
from tests.integration.messaging.road_world import WAIT_S, World, wait_until
from tests.stack.database import Database
from tests.stack.topics import delete_topics

ROOT = Path(__file__).parents[3]
COMMANDS_SENT = 60
AT_ONCE = 6  # worlds at the same time: most of the time goes into waiting for the dead member's session to end


@dataclass(frozen=True)
class Evidence:
    """What was found after a kill and a restart."""

    exit_code: int
    effects: list[tuple[str, int, int]]
    answers: list[str]
    distinct_answers: set[str]
    in_order: bool


def worker(world: World, crash_at: str | None = None) -> subprocess.Popen[bytes]:
    environment = {name: value for name, value in os.environ.items() if name != "CRASH_AT"}
    environment |= kafka_environment(world.settings)
    if crash_at:
        environment["CRASH_AT"] = crash_at
    return subprocess.Popen(
        [sys.executable, "-m", "tests.fault.messaging.road_worker", world.worker_url],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
    )


@contextmanager
def new_world(kafka: KafkaSettings, cluster: Cluster) -> Iterator[World]:
    name = uuid.uuid4().hex[:8]
    database = Database(cluster, f"border_{name}")
    cluster.create(database.name)
    world = World(replace(kafka, prefix=f"border{name}."), database)
    try:
        yield world
    finally:
        world.close()
        cluster.drop(database.name)
        delete_topics(world.settings)


def killed_at(border: Border, kafka: KafkaSettings, cluster: Cluster) -> Evidence:
    """Let a worker run into the border, start another one, and look at what has come of it all."""
    with new_world(kafka, cluster) as world:
        world.send(
            TOP_UP_COMMANDS, *(command(f"{'late-' if n % 3 == 0 else 'w'}{n % 5}", n) for n in range(COMMANDS_SENT))
        )
        first = worker(world, f"{border}:1")
        if border.startswith("parked"):
            wait_until(lambda: world.query("SELECT count(*) > 0 FROM parked")[0][0], "parked commands")
        world.send(WORKSPACE_DIRECTORY, *(workspace(f"late-{number}") for number in range(5)))
        exit_code = first.wait(WAIT_S)
        second = worker(world)
        try:
            world.wait_for_notes(COMMANDS_SENT + 5)
            world.wait_for_offsets(TOP_UP_COMMANDS)
            world.wait_for_empty_outbox()
        finally:
            second.send_signal(signal.SIGTERM)
            second.wait(WAIT_S)
        answers = world.events(TOP_UP)
        rows = world.query(
            "SELECT entity, partition, record_offset FROM notebook WHERE topic = %s ORDER BY line",
            (TOP_UP_COMMANDS.name,),
        )
        return Evidence(
            exit_code,
            rows,
            [answer["data"]["request_id"] for answer in answers],
            {answer["id"] for answer in answers},
            all(_sorted([row[2] for row in rows if row[0] == entity]) for entity in {row[0] for row in rows}),
        )


def _sorted(offsets: list[int]) -> bool:
    return offsets == sorted(offsets)


def flaws(found: Evidence) -> list[str]:
    """What is wrong with it, in words."""
    # Sent twice by a relay that died between acknowledgement and deletion: the same ids again, which every inbox knows.
    checks = {
        "it was not killed at the border": found.exit_code == -signal.SIGKILL,
        "an effect was lost": len(set(found.effects)) == COMMANDS_SENT,
        "an effect was doubled": len(found.effects) == len(set(found.effects)),
        "an entity's order was lost": found.in_order,
        "an answer was lost": set(found.answers) == {command("any", n).request_id for n in range(COMMANDS_SENT)},
        "an answer was given another id": len(found.distinct_answers) == COMMANDS_SENT,
    }
    return [flaw for flaw, holds in checks.items() if not holds]


@pytest.mark.case(6, 9)
@pytest.mark.timeout(400)
def test_killed_at_any_border_and_started_again_it_loses_and_doubles_nothing(
    kafka_broker: KafkaSettings, cluster: Cluster
) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        evidence = pool.map(lambda border: killed_at(border, kafka_broker, cluster), BORDERS)
        found = dict(zip(BORDERS, evidence, strict=True))

    assert {border: flaws(one) for border, one in found.items() if flaws(one)} == {}


@pytest.mark.case(20)
def test_a_worker_that_was_frozen_and_wakes_up_doubles_nothing(kafka_broker: KafkaSettings, cluster: Cluster) -> None:
    def send(world: World, start: int) -> None:
        world.send(TOP_UP_COMMANDS, *(command(f"w{n % 5}", n) for n in range(start, start + COMMANDS_SENT)))

    with new_world(kafka_broker, cluster) as world:
        send(world, 0)
        frozen = worker(world)
        world.wait_for_notes(COMMANDS_SENT)
        frozen.send_signal(signal.SIGSTOP)
        send(world, COMMANDS_SENT)
        heir = worker(world)
        world.wait_for_notes(2 * COMMANDS_SENT)
        world.wait_for_empty_outbox()  # the frozen one was the active relay, and its connection looks alive
        frozen.send_signal(signal.SIGCONT)
        send(world, 2 * COMMANDS_SENT)
        world.wait_for_notes(3 * COMMANDS_SENT)
        world.wait_for_empty_outbox()
        for process in (frozen, heir):
            process.send_signal(signal.SIGTERM)
            assert process.wait(WAIT_S) == 0

        assert len(world.lines()) == 3 * COMMANDS_SENT
        assert len({answer["id"] for answer in world.events(TOP_UP)}) == 3 * COMMANDS_SENT
