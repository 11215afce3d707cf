"""A worker killed at every border of an errand: the next one finishes its work, and its outcome is recorded once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from shared.messaging.errands import ErrandBorder
from tests.integration.messaging.office.letters import SCHEMA
from tests.integration.messaging.office.office import Office, prepare, ref
from tests.stack.database import Database

ROOT = Path(__file__).parents[3]
LETTERS = [ref(str(number)) for number in range(5)]


def _post_office(url: str, journal: Path, environment: Mapping[str, str]) -> int:
    command = [sys.executable, "-m", "tests.fault.messaging.post_office", url, str(journal)]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, timeout=120, check=False).returncode


@pytest.mark.case(1, 11)
@pytest.mark.parametrize("border", list(ErrandBorder))
def test_an_errand_killed_here_is_finished_by_the_next_worker(
    database: Database, tmp_path: Path, border: ErrandBorder
) -> None:
    prepare(database.migrator_url(SCHEMA))
    url, journal = database.worker_url(SCHEMA), tmp_path / "journal"
    office = Office(url)
    office.write(*LETTERS)

    killed = _post_office(url, journal, {"CRASH_AT": f"{border}:2"})
    assert killed == -signal.SIGKILL
    assert office.timers() != {}

    assert _post_office(url, journal, {}) == 0
    assert office.timers() == {}
    assert office.states() == dict.fromkeys(LETTERS, ("posted", 1))
    assert office.told() == len(LETTERS)
    carried = Counter(journal.read_text().split())
    assert carried.keys() == set(LETTERS)
    # Two threads were killed in the midst of their work: only their letters may have been carried twice.
    assert sum(carried.values()) <= len(LETTERS) + 2
    office.close()
