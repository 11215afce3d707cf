"""The story that `make demo` plays, step by step, beside all the other worlds of a test run."""

from __future__ import annotations

import pytest

from deploy.demo.narrator import Narrator
from deploy.demo.play import STEPS
from deploy.demo.stage import Stage
from deploy.local.example_cards import save_example_cards
from deploy.local.world import World


@pytest.mark.rule("A1", "A3", "A6", "B5", "B6", "B7", "B8", "B9", "C1", "C4", "C5", "C10", "C14", "N1")
@pytest.mark.case(1)
def test_the_story_plays_to_its_end_and_every_expectation_holds(world: World) -> None:
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

    story = narrator.finish()

    assert [chapter.number for chapter in narrator.chapters] == [str(number) for number in range(1, 10)]
    assert all(chapter.checks for chapter in narrator.chapters), story
