"""`make demo STACK=containers`: the whole story, unchanged, on the compose project, and nothing left of it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from deploy.compose.container import PROJECT_LABEL
from deploy.compose.engine import docker
from deploy.compose.leftovers import OWN
from deploy.local.run_folder import PROJECT

CHECKS = 42  # as many as on the embedded stack, where tests/e2e/story/test_story.py plays the same steps
LISTED = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))


def projects_of_demos() -> set[str]:
    """Every demo that has a container, a volume or a network at the engine."""
    label = f'{{{{.Label "{PROJECT_LABEL}"}}}}'
    words = ("--filter", f"label={PROJECT_LABEL}", "--format", label)
    names = {name for kind in LISTED for name in docker(*kind, *words).split()}
    return {name for name in names if name.startswith(OWN) and "demo-containers" in name}


@pytest.mark.timeout(600)  # the image is built, too
@pytest.mark.rule("A1", "A3", "A6", "B5", "B6", "B7", "B8", "B9", "C1", "C4", "C5", "C10", "C14", "N1")
@pytest.mark.case(1)
def test_the_story_plays_in_containers_and_leaves_nothing_behind() -> None:
    before = projects_of_demos()

    played = subprocess.run(
        [sys.executable, "-m", "services.cli", "demo", "--stack", "containers", "--json"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert played.returncode == 0, played.stderr
    story = json.loads(played.stdout)
    assert (story["ok"], story["checks"], len(story["steps"])) == (True, CHECKS, 9)
    assert projects_of_demos() <= before
