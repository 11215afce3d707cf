"""What a pytest run on containers does where it cannot run everything: it says so, and fails where it must not pass."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.run_folder import PROJECT

STRIPPED = (
    "CI",
    "REFILL_TEST_NO_ENGINE",
    "PYTEST_XDIST_WORKER",
    "PYTEST_XDIST_WORKER_COUNT",
    "PYTEST_XDIST_TESTRUNUID",
)
NO_ENGINE = """#!/bin/sh
echo 'Cannot connect to the Docker daemon. Is the docker daemon running?' >&2
exit 1
"""
LOCAL = "tests/integration/local/test_postgres.py"

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def on_containers(tmp_path: Path) -> Run:
    """Starts another run of pytest, as on a machine where no engine answers."""
    docker = tmp_path / "docker"
    docker.write_text(NO_ENGINE)
    docker.chmod(0o700)
    path = os.pathsep.join([str(tmp_path), os.environ["PATH"]])
    clean = {name: value for name, value in os.environ.items() if name not in STRIPPED}

    def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
            cwd=PROJECT,
            env={**clean, "REFILL_TEST_STACK": "containers", "PATH": path, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_on_a_persons_machine_every_test_is_skipped_with_the_reason_and_the_mend(on_containers: Run) -> None:
    ran = on_containers(LOCAL, "-n", "1")

    assert ran.returncode == 0, ran.stdout
    assert " passed" not in ran.stdout
    told = [line for line in ran.stdout.splitlines() if line.startswith("SKIPPED")]
    assert told
    for line in told:
        assert "Docker's engine does not answer: start it" in line
        assert "the same runs on the embedded stack" in line
    assert "DESELECTED [1] on containers: two embedded servers on one machine" in ran.stdout


def test_in_ci_a_missing_engine_fails_the_run(on_containers: Run) -> None:
    ran = on_containers(LOCAL, CI="true")

    assert ran.returncode == 1
    assert "Docker's engine does not answer: start it" in ran.stdout + ran.stderr


def test_a_stack_that_does_not_exist_is_refused(on_containers: Run) -> None:
    ran = on_containers(LOCAL, REFILL_TEST_STACK="container")

    assert ran.returncode != 0
    assert "REFILL_TEST_STACK must be embedded or containers, not 'container'" in ran.stdout + ran.stderr
