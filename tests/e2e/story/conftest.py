"""The story that `make demo` plays, played once: what it told is looked at, and what it left behind."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from deploy.demo.narrator import Narrator
from deploy.demo.play import STEPS
from deploy.demo.stage import Stage
from deploy.local.cluster import Cluster
from deploy.local.example_cards import save_example_cards
from deploy.local.world import World
from shared.messaging.settings import KafkaSettings
from tests.stack.fixtures import fresh_run_folder, fresh_world


@dataclass(frozen=True)
class Played:
    """The world in which the story was played, its workers still running; and who told it."""

    world: World
    narrator: Narrator


@pytest.fixture(scope="package")
def played(cluster: Cluster, kafka_broker: KafkaSettings) -> Iterator[Played]:
    """Asking, buying, a decline, authentication, burning, pausing, kill -9: it fails where an expectation fails."""
    with fresh_run_folder("story") as run, fresh_world(cluster, kafka_broker, run, "story") as world:
        narrator = Narrator(None)
        save_example_cards(world.sandbox_url)
        world.start_workers()
        stage = Stage.open(world, narrator)
        try:
            stage.load_examples()
            for step in STEPS:
                step(stage)
        finally:
            stage.close()
        yield Played(world, narrator)
