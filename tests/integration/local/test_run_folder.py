"""Nothing that a run starts outlives it, however its starter ends."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from deploy.local.guard import MARK, marked_processes
from deploy.local.run_folder import PROJECT, RunFolder, clean_up_abandoned, is_held
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until

pytestmark = pytest.mark.embedded("what keeps processes of this machine from outliving their starter")

CLEAN_WITHIN_S = 30  # a few seconds on an idle machine


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "runs"
    clean_up_abandoned(tmp_path / "runs")


def start_starter(runs: Path, name: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.integration.local.starter", str(runs), name]
    starter = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    assert starter.stdout.readline().strip().isdigit()
    return starter


def end(starter: subprocess.Popen[str], number: signal.Signals) -> None:
    starter.send_signal(number)
    starter.communicate()


def guards_of(runs: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            words = process.cmdline()
        except psutil.Error:
            continue
        if "deploy.local.guard" in words and any(word.startswith(str(runs)) for word in words):
            found.append(process)
    return found


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_no_process_outlives_a_starter_that_is_killed(runs: Path, number: signal.Signals) -> None:
    starter = start_starter(runs, "run")
    assert len(marked_processes(runs / "run")) >= 2

    end(starter, number)

    wait_until(lambda: not is_held("run", runs), CLEAN_WITHIN_S, "the guard's end")
    assert marked_processes(runs / "run") == []
    assert guards_of(runs) == []


def test_the_next_start_cleans_up_when_the_guard_was_killed_too(runs: Path) -> None:
    starter = start_starter(runs, "run")
    for guard in guards_of(runs):
        guard.kill()
    end(starter, signal.SIGKILL)
    wait_until(lambda: not is_held("run", runs), CLEAN_WITHIN_S, "the lock's release")
    assert len(marked_processes(runs / "run")) >= 2

    with RunFolder.claim("run", runs=runs) as run:
        assert marked_processes(run.path) == []
        assert list(run.path.iterdir()) == []


def test_a_run_that_lives_is_left_alone(runs: Path) -> None:
    starter = start_starter(runs, "run")
    before = marked_processes(runs / "run")

    with pytest.raises(Trouble, match="Another process is running"):
        RunFolder.claim("run", runs=runs)
    assert clean_up_abandoned(runs) == []

    assert marked_processes(runs / "run") == before
    end(starter, signal.SIGTERM)


def test_two_runs_of_one_kind_take_folders_of_their_own(runs: Path) -> None:
    with RunFolder.claim_any("demo", runs=runs) as one, RunFolder.claim_any("demo", runs=runs) as other:
        assert (one.path.name, other.path.name) == ("demo", "demo-2")
    with RunFolder.claim_any("demo", runs=runs) as again:
        assert again.path.name == "demo"


def test_grandchildren_that_leave_their_parents_group_are_found_too(runs: Path) -> None:
    with RunFolder.claim("run", runs=runs) as run:
        stray = "import subprocess, sys; subprocess.Popen(['sleep', '600'], start_new_session=True)"
        subprocess.run([sys.executable, "-c", stray], env=run.environment, check=True)
        assert len(marked_processes(run.path)) == 1

    assert marked_processes(runs / "run") == []


def test_a_run_that_is_not_to_be_kept_leaves_no_folder(runs: Path) -> None:
    with RunFolder.claim("run", runs=runs, keep=False) as run:
        assert run.environment == {MARK: str(runs / "run")}

    assert not (runs / "run").exists()
