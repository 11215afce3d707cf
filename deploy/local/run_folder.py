"""The folder of one run: its data, logs and addresses under `.refill/`, held by one starter at a time."""

import fcntl
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.guard import MARK, sweep
from deploy.local.trouble import Trouble

PROJECT = Path(__file__).resolve().parents[2]
RUNS = PROJECT / ".refill"
WAIT_S = 1.0
PAUSE_S = 0.05


class RunFolder:
    """An empty folder that this process holds while it lives, with a guard that cleans up after this process.

    It is held by a lock on `<name>.lock` beside it, which the guard shares: the lock is free exactly when neither the
    starter nor its guard lives, however they ended. So no process id has to be believed.
    """

    def __init__(self, path: Path, lock: int, *, keep: bool) -> None:
        self.path = path
        self._keep = keep
        self._lock = lock
        self._children: list[subprocess.Popen[bytes]] = []
        command = [sys.executable, "-m", "deploy.local.guard", str(path), *([] if keep else ["--remove"])]
        self._guard = subprocess.Popen(
            command,
            cwd=PROJECT,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,  # Ctrl-C in the terminal is the starter's affair
            env={name: value for name, value in os.environ.items() if name != MARK},
        )

    @classmethod
    def claim(cls, name: str, *, runs: Path = RUNS, wait_s: float = WAIT_S, keep: bool = True) -> Self:
        """Takes the run `name`, stopping what an earlier holder left behind. Raises Trouble while another holds it.

        `wait_s` seconds are waited for a guard that is still cleaning up, or a cleaner that looks in. `keep` leaves
        the folder for reading at the end.
        """
        folder = _try_claim(runs, name, time.monotonic() + wait_s)
        if folder is None:
            raise Trouble(
                f"Another process is running {runs / name}: stop it first (make down stops what make up started)."
            )
        return cls(*folder, keep=keep)

    @classmethod
    def claim_any(cls, name: str, *, runs: Path = RUNS, keep: bool = True) -> Self:
        """Takes `name`, or `name-2`, `name-3` and so on while those before it are held by living processes."""
        for number in itertools.count(1):
            folder = _try_claim(runs, name if number == 1 else f"{name}-{number}", time.monotonic())
            if folder is not None:
                return cls(*folder, keep=keep)
        raise AssertionError("unreachable: count() does not end")

    @property
    def environment(self) -> dict[str, str]:
        """What every process of the run must carry in its environment for the guard to know it."""
        return {MARK: str(self.path)}

    def adopt(self, child: "subprocess.Popen[bytes]") -> None:
        """Remembers a child process, to take its exit code when the run ends and the guard has ended it."""
        self._children.append(child)

    def release(self) -> None:
        """Ends the guard, which stops whatever of the run still lives, and gives the name free."""
        assert self._guard.stdin is not None
        self._guard.stdin.close()
        self._guard.wait()
        for child in self._children:
            child.wait()
        os.close(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def _try_claim(runs: Path, name: str, deadline: float) -> tuple[Path, int] | None:
    runs = runs.absolute()
    runs.mkdir(parents=True, exist_ok=True)
    lock = _try_lock(runs / f"{name}.lock", deadline)
    if lock is None:
        return None
    folder = runs / name
    sweep(folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder, lock


def _try_lock(path: Path, deadline: float) -> int | None:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_the_file_at(path, descriptor):
                return descriptor
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(descriptor)
                return None
            time.sleep(PAUSE_S)
        os.close(descriptor)


def _is_the_file_at(path: Path, descriptor: int) -> bool:
    """Whether the locked file is still the one that others would lock: a cleaner may have removed it meanwhile."""
    try:
        return path.stat().st_ino == os.fstat(descriptor).st_ino
    except FileNotFoundError:
        return False


def is_held(name: str, runs: Path = RUNS) -> bool:
    """Whether a living starter, or its guard while it cleans up, holds the run."""
    path = runs / f"{name}.lock"
    if not path.exists():
        return False
    descriptor = _try_lock(path, time.monotonic())
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def abandoned(runs: Path = RUNS) -> Iterator[Path]:
    """The folder of each run whose starter and guard are dead; nobody can claim it while the caller looks at it."""
    for path in sorted(runs.glob("*.lock")):
        lock = _try_lock(path, time.monotonic())
        if lock is not None:
            try:
                yield path.with_suffix("").absolute()
            finally:
                os.close(lock)


def clean_up_abandoned(runs: Path = RUNS, prefix: str = "") -> list[str]:
    """Stops what dead starters and dead guards left running; returns the names of the runs that had something left.

    With a `prefix`, the folders and locks of the abandoned runs of such names are removed too.
    """
    cleaned: list[str] = []
    for folder in abandoned(runs):
        if sweep(folder):
            cleaned.append(folder.name)
        if prefix and folder.name.startswith(prefix):
            shutil.rmtree(folder, ignore_errors=True)
            lock_of(folder).unlink(missing_ok=True)
    return cleaned


def lock_of(folder: Path) -> Path:
    """The file whose lock says who holds the run."""
    return folder.with_name(f"{folder.name}.lock")
