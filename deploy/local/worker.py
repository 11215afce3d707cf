"""One worker process of a service: started, stopped, killed and started again with the world's settings."""

from collections.abc import Mapping
from pathlib import Path

from deploy.local.program import Launch, Program, launch_here
from deploy.local.run_folder import RunFolder

WORKERS = ("billing", "credit_ledger", "notification")
STOP_TIMEOUT_S = 20  # a drain: the batch in hand, the relay's last acknowledgements, the goodbye to the group


class Worker:
    """`python -m services.<service> run`, with a log that goes on over restarts."""

    def __init__(
        self,
        service: str,
        run: RunFolder,
        folder: Path,
        environment: Mapping[str, str],
        launch: Launch = launch_here,
    ) -> None:
        self.service = service
        self.log = folder / f"{service}.log"
        self._run = run
        self._environment = environment
        self._launch = launch
        self._program: Program | None = None

    @property
    def running(self) -> bool:
        return self._program is not None and self._program.running

    @property
    def exit_code(self) -> int | None:
        """Of the last process: None while it runs, the negative signal number when a signal ended it."""
        return self._program.exit_code if self._program is not None else None

    def start(self, environment: Mapping[str, str] | None = None) -> Program:
        """Starts a process, with settings of this one start added. It connects by itself; this does not wait for it."""
        assert not self.running, f"{self.service} is running already"
        words = [f"services.{self.service}", "run"]
        settings = {**self._environment, **(environment or {})}
        self._program = self._launch(self.service, words, self._run, log=self.log, environment=settings)
        return self._program

    def stop(self) -> int | None:
        """SIGTERM, on which a worker drains. Returns the exit code, None when it was never started."""
        return self._program.stop(grace_s=STOP_TIMEOUT_S) if self._program is not None else None

    def kill(self) -> None:
        """`kill -9`, as a crash."""
        assert self._program is not None, f"{self.service} is not started"
        self._program.kill()

    def restart(self, environment: Mapping[str, str] | None = None) -> Program:
        """Ends the process as `stop` does when it runs, and starts another."""
        self.stop()
        return self.start(environment)
