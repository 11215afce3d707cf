"""One child process of a run: started marked and apart from the terminal, logged to a file, stopped, killed, waited
for."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from deploy.local.run_folder import PROJECT, RunFolder

GRACE_S = 10.0  # a worker drains its batch and leaves its group in well under this


class Child:
    """A running child process. Its output goes to `log`, appended over restarts."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        run: RunFolder,
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path = PROJECT,
    ) -> None:
        """Starts the command with `environment` added to this process's own. Raises OSError when it cannot."""
        self.name = name
        self.log = log
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(word) for word in command],
                cwd=directory,
                env={**os.environ, **(environment or {}), **run.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the starter alone, which stops its children in order
            )

        run.adopt(self._process)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative signal number when a signal ended it."""
        return self._process.poll()

    @property
    def running(self) -> bool:
        return self.exit_code is None

    def send(self, number: signal.Signals) -> None:
        """Sends a signal; does nothing once the process has ended."""
        self._process.send_signal(number)

    def stop(self, number: signal.Signals = signal.SIGTERM, grace_s: float = GRACE_S) -> int:
        """Asks it to end and waits; after `grace_s` seconds it is killed. Returns the exit code."""
        self.send(number)
        try:
            return self._process.wait(grace_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """Ends it at once with `kill -9`, as a crash would. Returns the exit code."""
        self._process.kill()
        return self._process.wait()

    def wait(self, timeout_s: float) -> int:
        """Waits for its own end. Raises subprocess.TimeoutExpired."""
        return self._process.wait(timeout_s)

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log, for the message that says why it did not start."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
