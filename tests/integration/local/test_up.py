"""`make up` and `make down`: everything runs in the foreground, its addresses are told, and it ends when asked."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local.environment import read_environment
from deploy.local.guard import marked_processes
from deploy.local.run_folder import PROJECT, clean_up_abandoned
from deploy.local.up import down
from deploy.local.waiting import wait_until

UP = "import sys; from pathlib import Path; from deploy.local.up import run_up; sys.exit(run_up(Path(sys.argv[1])))"
UP_WITHIN_S = 120  # 10 s on an idle machine
pytestmark = [pytest.mark.timeout(300), pytest.mark.embedded("make up runs the embedded stack")]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    clean_up_abandoned(tmp_path)


def start_up(runs: Path, until: str) -> tuple[subprocess.Popen[bytes], Path]:
    """Starts `up` in a process of its own and waits until it says so. Returns the process and its log."""
    log = runs.parent / f"{runs.name}.log"
    with log.open("wb") as output:
        command = [sys.executable, "-c", UP, str(runs)]
        process = subprocess.Popen(command, cwd=PROJECT, stdout=output, stderr=subprocess.STDOUT)
    wait_until(lambda: process.poll() is not None or until in log.read_text(), UP_WITHIN_S, "make up")
    assert process.poll() is None, log.read_text()
    return process, log


def test_it_tells_its_addresses_keeps_its_workers_running_and_ends_when_down_is_asked(
    runs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    up, log = start_up(runs, until="Up.")
    settings = read_environment(runs / "env")
    assert (runs / "env").stat().st_mode & 0o777 == 0o600
    with psycopg.connect(settings["REFILL_AUDITOR_DATABASE_URL"]) as auditor:
        assert auditor.execute("SELECT current_user").fetchone() == ("auditor",)

    second = subprocess.run(
        [sys.executable, "-c", UP, str(runs)], cwd=PROJECT, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert "Another process is running" in second.stderr

    workers = [process for process in marked_processes(runs / "up") if "services.billing" in process.cmdline()]
    assert len(workers) == 1
    workers[0].kill()
    wait_until(lambda: "billing ended with -9 and is started again" in log.read_text(), 60, "the worker's restart")

    assert down(runs) == 0
    assert up.wait() == 0, log.read_text()
    assert capsys.readouterr().out == "Down.\n"
    assert marked_processes(runs / "up") == []
    assert not (runs / "env").exists()
    assert down(runs) == 0
    assert capsys.readouterr().out == "Nothing was up.\n"


def test_ctrl_c_while_it_starts_ends_it_and_leaves_nothing(runs: Path) -> None:
    up, log = start_up(runs, until="Starting")

    up.send_signal(signal.SIGINT)

    assert up.wait() == 0, log.read_text()
    assert marked_processes(runs / "up") == []
    assert not (runs / "env").exists()
