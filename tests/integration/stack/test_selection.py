"""What a pytest run on containers does where it cannot run everything: it says so, and fails where it must not pass."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from deploy.local.run_folder import PROJECT

STRIPPED = (
    "CI",
    "REFILL_TEST_NO_ENGINE",
    "PYTEST_XDIST_WORKER",
    "PYTEST_XDIST_WORKER_COUNT",
    "PYTEST_XDIST_TESTRUNUID",
)
NO_ENGINE = "unix:///nowhere/docker.sock"
LOCAL = "tests/integration/local/test_postgres.py"


def on_containers(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Another run of pytest, on a machine where no engine answers."""
    clean = {name: value for name, value in os.environ.items() if name not in STRIPPED}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *words],
        cwd=PROJECT,
        env={**clean, "REFILL_TEST_STACK": "containers", "DOCKER_HOST": NO_ENGINE, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("processes", [[], ["-n", "2"]], ids=["alone", "xdist"])
def test_on_a_persons_machine_every_test_is_skipped_with_the_reason_and_the_mend(processes: list[str]) -> None:
    ran = on_containers(LOCAL, *processes)

    assert ran.returncode == 0, ran.stdout
    assert " passed" not in ran.stdout
    told = [line for line in ran.stdout.splitlines() if line.startswith("SKIPPED")]
    assert told
    for line in told:
        assert "Docker's engine does not answer: start it" in line
        assert "the same runs on the embedded stack" in line


def test_what_is_about_the_embedded_stack_is_named_with_its_reason() -> None:
    ran = on_containers(LOCAL, "-n", "1")

    assert "DESELECTED [1] on containers: two embedded servers on one machine" in ran.stdout


def test_in_ci_a_missing_engine_fails_the_run() -> None:
    ran = on_containers(LOCAL, CI="true")

    assert ran.returncode == 1
    assert "Docker's engine does not answer: start it" in ran.stdout + ran.stderr


def test_a_stack_that_does_not_exist_is_refused() -> None:
    ran = on_containers(LOCAL, REFILL_TEST_STACK="container")

    assert ran.returncode != 0
    assert "REFILL_TEST_STACK must be embedded or containers, not 'container'" in ran.stdout + ran.stderr
