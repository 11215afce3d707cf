"""The story that `make demo` plays, step by step, beside all the other worlds of a test run."""

from __future__ import annotations

import pytest

from tests.e2e.story.conftest import Played


@pytest.mark.rule("A1", "A3", "A6", "B5", "B6", "B7", "B8", "B9", "C1", "C4", "C5", "C10", "C14", "N1")
@pytest.mark.case(1)
def test_the_story_plays_to_its_end_and_every_expectation_holds(played: Played) -> None:
    story = played.narrator.finish()

    assert [chapter.number for chapter in played.narrator.chapters] == [str(number) for number in range(1, 10)]
    assert all(chapter.checks for chapter in played.narrator.chapters), story
