"""Our programs in the built image, as `deploy.local.child.Child` runs them in a process."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from docker.errors import APIError  # type: ignore[import-untyped]  # the SDK has no types

from deploy.local.child import GRACE_S
from deploy.local.run_folder import RunFolder
from tests.stack.containers.engine import container_of, engine, started
from tests.stack.containers.image import image

SIGNALLED = 128  # how an engine says that a signal ended the program: this plus its number

# As in docker-compose.yml. A process with the number 1 can neither be ended by a signal that it does not handle nor end
# itself by SIGKILL: hence init. Nobody here waits for the health check.
OPTIONS: dict[str, Any] = {
    "init": True,
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
    "healthcheck": {"test": ["NONE"]},
}
WRITABLE = {"/tmp": "mode=1777,size=16m", "/run/refill": "uid=10001,gid=10001,mode=0700,size=1m"}


class ContainerProgram:
    """A container that is removed when the program in it has ended. All it said is in the log by then."""

    def __init__(
        self, name: str, words: Sequence[str], run: RunFolder, *, log: Path, environment: Mapping[str, str]
    ) -> None:
        self.name = name
        self.log = log
        self._code: int | None = None
        self._ended = threading.Event()
        container = container_of(run.path, image(), **OPTIONS)
        for path, options in WRITABLE.items():
            container.with_tmpfs_mount(path, options)
        self._id = started(container.with_envs(**environment).with_command(["python", "-m", *words]))
        threading.Thread(target=self._follow, name=f"log of {name}", daemon=True).start()

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative signal number when a signal ended it."""
        return self._code

    @property
    def running(self) -> bool:
        return not self._ended.is_set()

    def send(self, number: signal.Signals) -> None:
        """Sends a signal; does nothing once the program has ended."""
        with engine() as client, suppress(APIError):
            client.containers.get(self._id).kill(number.name)

    def stop(self, number: signal.Signals = signal.SIGTERM, grace_s: float = GRACE_S) -> int:
        """Asks it to end and waits; after `grace_s` seconds it is killed. Returns the exit code."""
        self.send(number)
        try:
            return self.wait(grace_s)
        except subprocess.TimeoutExpired:
            return self.kill()

    def kill(self) -> int:
        """Ends it at once with SIGKILL, as a crash would. Returns the exit code."""
        self.send(signal.SIGKILL)
        self._ended.wait()
        assert self._code is not None
        return self._code

    def wait(self, timeout_s: float) -> int:
        """Waits for its own end. Raises subprocess.TimeoutExpired."""
        if not self._ended.wait(timeout_s):
            raise subprocess.TimeoutExpired(self.name, timeout_s)
        assert self._code is not None
        return self._code

    def log_tail(self, lines: int = 15) -> str:
        """The last lines of its log, for the message that says why it did not start."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def _follow(self) -> None:
        with engine() as client:
            container = client.containers.get(self._id)
            with self.log.open("ab", buffering=0) as log:
                for said in container.logs(stream=True, follow=True):
                    log.write(said)
            code = int(container.wait()["StatusCode"])
            container.remove(force=True, v=True)
        self._code = SIGNALLED - code if code > SIGNALLED else code
        self._ended.set()
