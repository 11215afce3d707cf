"""Nothing outlives its starter: a small process waits for the starter's end, whatever it is, and then cleans up.

The guard's standard input is a pipe whose other end the starter alone holds. The kernel closes it on a normal end, on
an exception and on `kill -9` alike; the guard then stops every process that carries the run folder in its
environment. Marks in the environment are inherited, so grandchildren are found too, and nothing has to be registered
before it can leak. Works on Linux and macOS; Linux's parent-death signal would follow a thread, not a process, and
macOS has none.
"""

import argparse
import os
import shutil
import signal
import sys
import time
from pathlib import Path

import psutil

MARK = "REFILL_RUN_FOLDER"
"""Set in the environment of every process of a run, to the run's folder."""

GRACE_S = 5.0  # what a broker needs to stop cleanly on two busy cores; after it, SIGKILL
PAUSE_S = 0.05
QUIET_ROUNDS = 2  # a process between fork and exec still shows its parent's environment: look once more

STOP_SIGNALS = {"postgres": signal.SIGINT}
"""PostgreSQL waits for its clients to leave on SIGTERM and throws them out on SIGINT; everything else stops on
SIGTERM."""


def marked_processes(run_folder: Path) -> list[psutil.Process]:
    """Every living process of this user that belongs to the run, the caller excepted."""
    return [p for p in psutil.process_iter() if p.pid != os.getpid() and _belongs_to(p, str(run_folder))]


def _belongs_to(process: psutil.Process, run_folder: str) -> bool:
    try:
        return process.environ().get(MARK) == run_folder and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.Error, OSError):  # another user's, or gone while we looked
        return False


def sweep(run_folder: Path, grace_s: float = GRACE_S) -> int:
    """Stops every process of the run, first gently, after `grace_s` seconds for good. Returns how many there were."""
    swept: set[int] = set()
    quiet = 0
    while quiet < QUIET_ROUNDS:
        found = marked_processes(run_folder)
        if not found:
            quiet += 1
            time.sleep(PAUSE_S)
            continue
        quiet = 0
        swept.update(process.pid for process in found)
        _stop(found, grace_s)
    return len(swept)


def _stop(processes: list[psutil.Process], grace_s: float) -> None:
    for process in processes:
        _signal(process, STOP_SIGNALS.get(_name(process), signal.SIGTERM))
    for process in _still_alive(processes, grace_s):
        _signal(process, signal.SIGKILL)
    _still_alive(processes, grace_s)


def _still_alive(processes: list[psutil.Process], grace_s: float) -> list[psutil.Process]:
    """Those that live on after `grace_s` seconds. One that ended and was not yet waited for by its parent has ended."""
    deadline = time.monotonic() + grace_s
    while alive := [process for process in processes if _lives(process)]:
        if time.monotonic() >= deadline:
            break
        time.sleep(PAUSE_S)
    return alive


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _name(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.Error:
        return ""


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return  # gone already, which is what was wanted


def main() -> int:
    """Waits for the end of standard input, then sweeps the run and removes its folder when asked to."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.guard")
    parser.add_argument("run_folder", type=Path)
    parser.add_argument("--remove", action="store_true", help="remove the run's folder at the end")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # only the starter's end ends the guard
    while sys.stdin.buffer.read(1):
        pass
    sweep(options.run_folder)
    if options.remove:
        shutil.rmtree(options.run_folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
