"""A compose project driven from Python: what happens to a container is told as of a process, and nothing is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.compose.container import PROJECT_LABEL
from deploy.compose.engine import LOOK_EVERY_S, docker
from deploy.compose.leftovers import project_name, remove_abandoned
from deploy.compose.project import PORTS, Project
from deploy.local.ports import free_port
from deploy.local.run_folder import PROJECT, RUNS, RunFolder
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until
from tests.stack.shared_server import RUN_VARIABLE

SMALL = Path(__file__).with_name("small.yml")
LISTED = (("ps", "--all"), ("volume", "ls"), ("network", "ls"))
JOB = "job"
COUNTER = "counter"
STATE_S = 60  # a second; a machine that does much else takes longer

STARTER = """
import sys
from pathlib import Path
from deploy.compose.project import PORTS, Project
from deploy.local.run_folder import RunFolder

with RunFolder.claim(sys.argv[1], keep=False) as run:
    with Project(run, secrets=run.path, files=[Path(sys.argv[2])]) as small:
        small.up()
        print("up", flush=True)
        sys.stdin.read()
"""


@pytest.fixture(scope="module")
def shared() -> Iterator[Project]:
    """The small project, up, for tests that strike one container of it."""
    with (
        RunFolder.claim(f"{os.environ[RUN_VARIABLE]}-small", keep=False) as run,
        Project(run, secrets=run.path, files=[SMALL]) as project,
    ):
        project.up()
        yield project


@pytest.fixture
def struck(shared: Project) -> Project:
    """The same, with a new and healthy counter."""
    shared.recreate(COUNTER)
    shared.wait_healthy(COUNTER)
    return shared


@pytest.fixture
def small(run_folder: RunFolder) -> Iterator[Project]:
    """The small project, not up yet."""
    with Project(run_folder, secrets=run_folder.path, files=[SMALL]) as project:
        yield project


def left_of(name: str) -> list[str]:
    """Containers, volumes and networks that carry the project's label."""
    label = ["--quiet", "--filter", f"label={PROJECT_LABEL}={name}"]
    return [each for kind in LISTED for each in docker(*kind, *label).split()]


def starts_of(project: Project) -> int:
    """How often a counter has started on the volume."""
    return len(docker("exec", project.container(COUNTER).id, "cat", "/data/starts").split())


def test_up_returns_when_jobs_are_done_and_services_healthy(shared: Project) -> None:
    shared.up()

    assert shared.exit_code(JOB) == 0
    assert shared.container(COUNTER).health == "healthy"
    assert shared.exit_code(COUNTER) is None


def test_a_killed_container_ends_as_a_killed_process_and_stays_down_until_it_is_started(struck: Project) -> None:
    struck.kill(COUNTER)

    assert struck.exit_code(COUNTER) == -signal.SIGKILL
    struck.start(COUNTER)
    wait_until(
        lambda: struck.logs(COUNTER).split() == ["started", "started"], STATE_S, "the same container starts again"
    )


def test_a_stopped_container_ends_with_its_own_exit_code(struck: Project) -> None:
    struck.stop(COUNTER)

    assert struck.exit_code(COUNTER) == 0


def test_a_container_that_kills_itself_at_a_border_is_left_as_it_died(struck: Project) -> None:
    struck.recreate(COUNTER, {"CRASH_AT": "a $border:1"})
    wait_until(lambda: struck.exit_code(COUNTER) is not None, STATE_S, "the counter dies", LOOK_EVERY_S)

    assert struck.exit_code(COUNTER) == -signal.SIGKILL
    assert struck.logs(COUNTER) == "started a $border:1\n"
    struck.recreate(COUNTER)
    wait_until(
        lambda: struck.logs(COUNTER) == "started \n", STATE_S, "another starts without the setting", LOOK_EVERY_S
    )
    assert struck.all_logs(COUNTER).endswith("started \nstarted a $border:1\nstarted \n")


def test_a_frozen_container_runs_and_is_told_frozen(struck: Project) -> None:
    struck.pause(COUNTER)

    assert (struck.container(COUNTER).running, struck.container(COUNTER).status) == (True, "paused")
    struck.unpause(COUNTER)
    assert struck.container(COUNTER).status == "running"


def test_a_container_pulled_out_of_its_network_comes_back_under_all_its_names(struck: Project) -> None:
    before = struck.container(COUNTER).networks

    pulled = struck.disconnect(COUNTER)
    assert struck.container(COUNTER).networks == {}
    struck.connect(pulled)

    assert {network: set(names) for network, names in struck.container(COUNTER).networks.items()} == {
        network: set(names) for network, names in before.items()
    }
    assert COUNTER in next(iter(before.values()))


def test_data_stays_over_down_and_up_and_goes_with_its_volumes(small: Project) -> None:
    small.up()

    small.down(volumes=False)
    assert small.containers() == []
    small.up()
    wait_until(
        lambda: starts_of(small) == 2, STATE_S, "what another container wrote before is still there", LOOK_EVERY_S
    )

    small.down()
    assert left_of(small.name) == []


def test_a_folder_of_this_machine_takes_the_place_of_a_volume(small: Project, run_folder: RunFolder) -> None:
    folder = run_folder.path / "data"
    folder.mkdir()
    small.override.mount(COUNTER, folder, "/data")

    small.up()

    assert (folder / "starts").read_text() == "started\n", "healthy is who has written it"


def test_a_port_that_another_won_is_given_up_for_another(small: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    with RunFolder.claim(f"{os.environ[RUN_VARIABLE]}-ports", keep=False) as run:
        small.up()
        ports = iter([small.port("REFILL_PORT_BILLING")] * len(PORTS))
        monkeypatch.setattr("deploy.compose.project.free_port", lambda: next(ports, None) or free_port())
        with Project(run, secrets=run.path, files=[SMALL]) as second:
            second.up()

            assert second.container(COUNTER).health == "healthy"
            assert second.port("REFILL_PORT_BILLING") != small.port("REFILL_PORT_BILLING")


def test_a_failed_start_says_what_the_failed_one_said_and_leaves_nothing(run_folder: RunFolder) -> None:
    small = Project(run_folder, secrets=run_folder.path, files=[SMALL])
    small.override.set(JOB, {"JOB_ENDS_WITH": "78"})

    with pytest.raises(Trouble, match=r"docker compose up failed[\s\S]*job \(78\) said last:\nthe job says why"), small:
        small.up()

    assert left_of(small.name) == []
    assert (run_folder.path / "job.log").read_text() == "the job says why\n"


def test_what_a_killed_starter_left_is_removed_by_the_next_start(small: Project) -> None:
    run = f"{os.environ[RUN_VARIABLE]}-killed"
    command = [sys.executable, "-c", STARTER, run, str(SMALL)]
    with subprocess.Popen(command, cwd=PROJECT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline() == "up\n"
        small.up()
        living = left_of(small.name)
        starter.kill()
    name = project_name(RUNS / run)
    assert left_of(name) != []

    wait_until(lambda: name in remove_abandoned(), STATE_S, "its guard has ended, too", LOOK_EVERY_S)

    assert left_of(name) == []
    assert left_of(small.name) == living, "a living project is left alone"
