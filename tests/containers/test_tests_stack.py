"""The containers of the tests' own stack end with their run, however it ended."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploy.local.run_folder import RunFolder
from tests.stack.containers.engine import container_of, engine, remove_abandoned, started
from tests.stack.containers.image import image
from tests.stack.containers.program import ContainerProgram

SLEEPING = ["python", "-c", "import time; time.sleep(600)"]
KILLS_ITSELF = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def there(container: str) -> bool:
    with engine() as client:
        return bool(client.containers.list(all=True, filters={"id": container}))


def test_what_a_dead_run_left_is_removed_and_what_a_living_one_has_stays(tmp_path: Path) -> None:
    with RunFolder.claim("living", runs=tmp_path, keep=False) as living:
        kept = started(container_of(living.path, image()).with_command(SLEEPING))
        left = started(container_of(tmp_path / "dead", image()).with_command(SLEEPING))

        assert remove_abandoned(tmp_path) == ["dead"]
        assert (there(kept), there(left)) == (True, False)

    assert remove_abandoned(tmp_path) == ["living"]
    assert not there(kept)


def test_a_program_tells_how_it_ended_and_all_that_it_said(run_folder: RunFolder, tmp_path: Path) -> None:
    def run(*words: str) -> ContainerProgram:
        return ContainerProgram("program", words, run_folder, log=tmp_path / "log", environment={})

    serving = run("http.server")
    with pytest.raises(subprocess.TimeoutExpired):
        serving.wait(0.1)
    assert (serving.running, serving.exit_code) == (True, None)
    assert serving.kill() == -9
    assert (serving.running, serving.exit_code) == (False, -9)
    serving.stop()  # once more is no error

    assert run("timeit", "-n", "1", "-r", "1", "-s", KILLS_ITSELF).wait(60) == -9
    assert run("platform").wait(60) == 0
    assert "Linux" in (tmp_path / "log").read_text()
    assert run("services.billing", "run").wait(60) == 78
    assert "REFILL_KAFKA_BOOTSTRAP is missing" in (tmp_path / "log").read_text()
