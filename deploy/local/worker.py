"""One worker process of a service: started, stopped, killed and started again with the world's settings."""

import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.local.child import Child
from deploy.local.run_folder import RunFolder

WORKERS = ("billing", "credit_ledger", "notification")
STOP_TIMEOUT_S = 20  # a drain: the batch in hand, the relay's last acknowledgements, the goodbye to the group


class Worker:
    """`python -m services.<service> run`, with a log that goes on over restarts."""

    def __init__(self, service: str, run: RunFolder, folder: Path, environment: Mapping[str, str]) -> None:
        self.service = service
        self.log = folder / f"{service}.log"
        self._run = run
        self._environment = environment
        self._child: Child | None = None

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    @property
    def exit_code(self) -> int | None:
        """Of the last process: None while it runs, the negative signal number when a signal ended it."""
        return self._child.exit_code if self._child is not None else None

    def start(self, environment: Mapping[str, str] | None = None) -> Child:
        """Starts a process, with settings of this one start added. It connects by itself; this does not wait for it."""
        assert not self.running, f"{self.service} is running already"
        command = [sys.executable, "-m", f"services.{self.service}", "run"]
        settings = {**self._environment, **(environment or {})}
        self._child = Child(self.service, command, self._run, log=self.log, environment=settings)
        return self._child

    def stop(self) -> int | None:
        """SIGTERM, on which a worker drains. Returns the exit code, None when it was never started."""
        return self._child.stop(grace_s=STOP_TIMEOUT_S) if self._child is not None else None

    def kill(self) -> None:
        """`kill -9`, as a crash."""
        assert self._child is not None, f"{self.service} is not started"
        self._child.kill()

    def restart(self, environment: Mapping[str, str] | None = None) -> Child:
        """Ends the process as `stop` does when it runs, and starts another."""
        self.stop()
        return self.start(environment)
