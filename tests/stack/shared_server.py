"""A server that all processes of this pytest run use together: the first to ask starts it, it ends after the last."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

from deploy.local.run_folder import PROJECT, RUNS, is_held
from tests.stack import memory

RUN_VARIABLE = "REFILL_TEST_RUN"
"""The name of this pytest run, set by its first process and inherited by the workers of xdist."""

START_TIMEOUT_S = 270  # the first time on a machine includes the download of the broker
END_TIMEOUT_S = 60  # the first stop of a broker writes its start-up cache


class SharedServer:
    """The postgres or kafka server of this pytest run."""

    def __init__(self, kind: str, address_variable: str) -> None:
        self._kind = kind
        self._address_variable = address_variable
        self._lease: int | None = None

    def address(self) -> str:
        """The server's address, starting the server when no process of this run has done so.

        An address in the environment is believed instead: the tests then run on that third stack.
        """
        if given := os.environ.get(self._address_variable):
            return given
        RUNS.mkdir(exist_ok=True)
        with _path(self._kind, "start").open("w") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            if self._lease is None:
                self._lease = self._take_lease()
            address_file = _path(self._kind, "address")
            if not address_file.exists():
                self._start_host(address_file)
            return address_file.read_text()

    def give_back(self) -> None:
        """Lets go of the server; it stops when every process has."""
        if self._lease is not None:
            os.close(self._lease)
            self._lease = None

    def _take_lease(self) -> int:
        path = _path(self._kind, "lease")
        if not path.exists():
            os.mkfifo(path, 0o600)
        return os.open(path, os.O_RDWR)  # for writing alone it would wait for the host, which is yet to start

    def _start_host(self, address_file: Path) -> None:
        log = _path(self._kind, "log")
        command = [sys.executable, "-m", "tests.stack.host", self._kind, _name(self._kind)]
        with log.open("w") as output:
            host = subprocess.Popen(
                [*command, str(_path(self._kind, "lease")), str(address_file)],
                cwd=PROJECT,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not address_file.exists():
            if host.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the tests' {self._kind} server did not start:\n{log.read_text()}")
            time.sleep(0.05)
        host.returncode = 0  # it is nobody's child to wait for: it ends with its lease


def wait_for_the_end() -> None:
    """Waits until the servers of this run have stopped, then removes what is left of the run."""
    deadline = time.monotonic() + END_TIMEOUT_S
    for kind in ("postgres", "kafka"):
        while is_held(_name(kind), runs_of(kind)) and time.monotonic() < deadline:
            time.sleep(0.05)
    for runs in {RUNS, memory.runs()}:
        for path in runs.glob(f"{os.environ[RUN_VARIABLE]}-*"):
            if not path.is_dir():
                path.unlink(missing_ok=True)


def runs_of(kind: str) -> Path:
    """Where this kind of server has its run folder."""
    return memory.runs() if kind == "postgres" else RUNS


def run_folders() -> list[Path]:
    """The folders of this pytest run: of its servers, and of the worlds on them."""
    found = (path for runs in {RUNS, memory.runs()} for path in runs.glob(f"{os.environ[RUN_VARIABLE]}-*"))
    return [path for path in found if path.is_dir()]


def _name(kind: str) -> str:
    return f"{os.environ[RUN_VARIABLE]}-{kind}"


def _path(kind: str, suffix: str) -> Path:
    return RUNS / f"{_name(kind)}.{suffix}"
