"""A child process that serves one port of 127.0.0.1 and writes it to a file when it does."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from deploy.local.child import Child
from deploy.local.ports import free_port
from deploy.local.run_folder import RunFolder
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until

START_ATTEMPTS = 5  # another process may win the port between our look and the child's bind
START_TIMEOUT_S = 60  # half a second on an idle machine


class Listener:
    """Started with `--port` and `--port-file` after its command. The port stays the same over restarts."""

    def __init__(
        self,
        name: str,
        command: Sequence[str | Path],
        run: RunFolder,
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._name = name
        self._command = command
        self._run = run
        self._folder = folder
        self._environment = environment or {}
        self._child: Child | None = None
        self._port = 0

    @property
    def port(self) -> int:
        assert self._port, f"{self._name} was never started"
        return self._port

    @property
    def running(self) -> bool:
        return self._child is not None and self._child.running

    def start(self) -> None:
        """Starts it and returns when it serves. Raises Trouble with the end of its log when it does not."""
        port_file = self._folder / f"{self._name}.port"
        log = self._folder / f"{self._name}.log"
        for _ in range(START_ATTEMPTS):
            port = self._port or free_port()
            port_file.unlink(missing_ok=True)
            command = [*self._command, "--port", str(port), "--port-file", str(port_file)]
            child = Child(self._name, command, self._run, log=log, environment=self._environment)
            wait_until(partial(_serves_or_ended, child, port_file), START_TIMEOUT_S, self._name)
            if child.running:
                self._port, self._child = port, child
                return
        raise Trouble(f"{self._name} did not start; the end of {log}:\n{child.log_tail()}")

    def stop(self) -> None:
        """Asks it to end and waits."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def kill(self) -> None:
        """`kill -9`, as a crash."""
        assert self._child is not None, f"{self._name} is not started"
        self._child.kill()
        self._child = None


def _serves_or_ended(child: Child, port_file: Path) -> bool:
    return not child.running or (port_file.exists() and port_file.stat().st_size > 0)
