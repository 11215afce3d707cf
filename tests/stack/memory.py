"""A place in memory for what a run of tests throws away: its shared PostgreSQL.

A run makes and drops a thousand databases, each of five hundred files, and a disk takes longer over that than most
tests. The servers that a test kills and starts again have their data on the disk (`own_postgres`), and so has every
server outside of tests.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import psutil

from deploy.local.run_folder import PROJECT, RUNS

VARIABLE = "REFILL_TEST_MEMORY"
"""The folder. Set by the run's first process where there is room, else empty; or by a person."""

SHARED_MEMORY = Path("/dev/shm")
ROOM_BYTES = 6 * 2**30
"""The write-ahead log may grow to 2 GB, and a database that somebody forgot to drop takes 10 MB."""


def choose() -> None:
    """Decides for the whole run, before its other processes inherit the environment."""
    os.environ.setdefault(VARIABLE, str(_folder()) if has_room() else "")


def runs() -> Path:
    """Where the shared PostgreSQL has its run folder."""
    return Path(os.environ[VARIABLE]) if os.environ.get(VARIABLE) else RUNS


def _folder() -> Path:
    """Each user's and each clone's own."""
    clone = hashlib.sha256(str(PROJECT).encode()).hexdigest()[:12]
    return SHARED_MEMORY / f"refill-{os.getuid()}-{clone}"


def has_room() -> bool:
    """Whether this machine can spare it."""
    if not os.access(SHARED_MEMORY, os.W_OK):
        return False
    return min(psutil.disk_usage(str(SHARED_MEMORY)).free, psutil.virtual_memory().available) > ROOM_BYTES
