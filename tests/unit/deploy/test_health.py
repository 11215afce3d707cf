"""A container's health check believes a young file only."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy import health
from shared.messaging.health import HealthFile

SCRIPT = Path(health.__file__)


@pytest.fixture
def ready_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "ready"
    monkeypatch.setenv("REFILL_READY_FILE", str(path))
    return path


def test_a_worker_that_just_said_so_is_healthy(ready_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    HealthFile(ready_file).good(["the relay is active"])

    assert health.main() == 0
    assert capsys.readouterr().out == "healthy\nthe relay is active\n"


def test_a_worker_that_says_what_is_wrong_is_not_healthy(ready_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    HealthFile(ready_file).bad(["the database has not answered for 12 s"])

    assert health.main() == 1
    assert capsys.readouterr().out == "not healthy:\n  the database has not answered for 12 s\n"


def test_a_worker_that_stopped_saying_so_is_not_healthy(ready_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    HealthFile(ready_file).good([])
    long_ago = time.time() - health.FRESH_S - 5
    os.utime(ready_file, (long_ago, long_ago))

    assert health.main() == 1
    assert capsys.readouterr().out == "the worker has said nothing for 20 s; before: healthy\n"


def test_a_worker_that_has_not_said_anything_yet_is_not_healthy(
    ready_file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert health.main() == 1
    assert "does not say that it is healthy" in capsys.readouterr().out


def test_a_file_that_cannot_be_read_is_told(ready_file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ready_file.mkdir()

    assert health.main() == 1
    assert capsys.readouterr().out == f"{ready_file} cannot be read: Is a directory\n"


def test_without_a_file_named_nobody_is_healthy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("REFILL_READY_FILE", raising=False)

    assert health.main() == 1
    assert "REFILL_READY_FILE is not set" in capsys.readouterr().out


def test_it_runs_apart_from_everything_installed(ready_file: Path) -> None:
    """As in the image: `python -I`, which sees neither this checkout nor what the environment says about Python."""
    HealthFile(ready_file).good([])

    run = subprocess.run([sys.executable, "-I", "-S", str(SCRIPT)], capture_output=True, text=True, check=False)

    assert (run.returncode, run.stdout, run.stderr) == (0, "healthy\n", "")
