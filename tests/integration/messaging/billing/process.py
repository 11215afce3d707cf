"""The small service's process, and what a test sees of it: exit code, log, ready file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.integration.messaging.office.office import WAIT_S, wait_until

ROOT = Path(__file__).parents[4]
COMMAND = [sys.executable, "-m", "tests.integration.messaging.billing"]


@dataclass
class Process:
    """One start of the service."""

    environment: Mapping[str, str]
    folder: Path
    number: int = 0
    running: subprocess.Popen[bytes] | None = None
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ready_file = self.folder / "ready"
        self.journal = self.folder / "journal"
        self.settings = {
            **self.environment,
            "REFILL_READY_FILE": str(self.ready_file),
            "REFILL_GREETER_JOURNAL": str(self.journal),
            "REFILL_LOG_FORMAT": "json",
        }

    @property
    def log_path(self) -> Path:
        return self.folder / f"log{self.number}"

    def start(self, **more: str) -> None:
        self.number += 1
        with self.log_path.open("wb") as log:
            env = {**_clean(), **self.settings, **more}
            self.running = subprocess.Popen([*COMMAND, "run"], cwd=ROOT, env=env, stdout=log, stderr=log)

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.health().startswith("healthy") or self._ended(), "a healthy worker")
        assert not self._ended(), self.log_path.read_text()

    def health(self) -> str:
        """What the ready file says; nothing where there is none."""
        with suppress(FileNotFoundError):
            return self.ready_file.read_text()
        return ""

    def wait(self) -> int:
        assert self.running is not None
        return self.running.wait(WAIT_S)

    def stop(self) -> int:
        assert self.running is not None
        self.running.send_signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        if self.running is not None and self.running.poll() is None:
            self.running.kill()
            self.running.wait()

    def log(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log_path.read_text().splitlines() if line.startswith("{")]

    def events(self) -> list[str]:
        return [line["event"] for line in self.log()]

    def command(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        env = {**_clean(), **self.settings, **more}
        return subprocess.run(
            [*COMMAND, *words], cwd=ROOT, env=env, timeout=WAIT_S, capture_output=True, text=True, check=False
        )

    def _ended(self) -> bool:
        return self.running is not None and self.running.poll() is not None


def _clean() -> dict[str, str]:
    """This process's environment without settings that a developer may have set."""
    return {name: value for name, value in os.environ.items() if not name.startswith("REFILL_")}
