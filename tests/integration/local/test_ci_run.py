"""`.ci/run` plays both halves, gets an engine where there is a way to one, and ends with one honest line and code."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from deploy.local.run_folder import PROJECT

pytestmark = pytest.mark.embedded("how both halves are counted")

CI = PROJECT / ".ci"
MAKEFILE = """
test:
	@echo '=== {test} in 1.00s ==='; exit {test_code}
test-containers:
	@cat engine 2>/dev/null; echo "CI is $$CI"; echo '=== {containers} in 2.50s ==='; exit {containers_code}
"""


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o700)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout on a machine where no engine answers."""
    folder = tmp_path / "project"
    shutil.copytree(CI, folder / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    script(tmp_path / "bin" / "docker", "exit 1")
    return folder


def run(project: Path, **halves: object) -> subprocess.CompletedProcess[str]:
    told = {"test": "3 passed", "test_code": 0, "containers": "2 passed, 1 skipped", "containers_code": 0, **halves}
    (project / "Makefile").write_text(MAKEFILE.format(**told))
    environment = {name: value for name, value in os.environ.items() if name not in ("CI", "MAKEFLAGS")}
    environment |= {"REFILL_CI_CONTAINERS": "yes"}
    environment["PATH"] = f"{project.parent / 'bin'}{os.pathsep}{environment['PATH']}"
    return subprocess.run(
        [project / ".ci" / "run"], cwd="/", env=environment, capture_output=True, text=True, check=False
    )


def test_both_halves_are_counted_in_the_last_line(project: Path) -> None:
    ended = run(project)

    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.splitlines()[-1].strip("= ") == "5 passed, 1 skipped in 3.50s"
    assert "CI is true" in ended.stdout  # a missing engine is no excuse here


@pytest.mark.parametrize(
    ("halves", "closing"),
    [
        ({"test": "1 failed, 2 passed", "test_code": 2}, "1 failed, 4 passed, 1 skipped in 3.50s"),
        ({"containers": "nothing ran", "containers_code": 2}, "3 passed, 1 error in 1.00s"),
    ],
)
def test_either_half_can_spoil_the_whole(project: Path, halves: dict[str, object], closing: str) -> None:
    ended = run(project, **halves)

    assert ended.returncode == 2
    assert ended.stdout.splitlines()[-1].strip("= ") == closing


def test_an_engine_is_made_where_there_is_a_way_to_one_and_is_there_for_the_second_half(project: Path) -> None:
    script(project.parent / "shared" / "containers" / "up", f"echo made; echo ready > {project}/engine")

    told = run(project).stdout.splitlines()

    assert told.index("made") < told.index("ready") < told.index("CI is true")


def test_an_engine_that_answers_is_left_alone(project: Path) -> None:
    script(project.parent / "bin" / "docker", "exit 0")
    script(project.parent / "shared" / "containers" / "up", "echo made")

    assert "made" not in run(project).stdout
