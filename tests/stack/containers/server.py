"""A server in a container: started, stopped, killed and started again on its data."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from testcontainers.core.container import DockerContainer

from tests.stack.containers.engine import engine, started

STOP_TIMEOUT_S = 60  # a broker hands over and syncs; after it, SIGKILL


class Server:
    """One container for the server's whole life: its data stays in it until it is removed."""

    def __init__(self, container: DockerContainer) -> None:
        self._id = started(container)

    @property
    def running(self) -> bool:
        with self._container() as container:
            return bool(container.status == "running")

    def start(self) -> None:
        """Again, after any kind of end."""
        with self._container() as container:
            container.start()

    def stop(self) -> None:
        """By the image's own signal for it."""
        with self._container() as container:
            container.stop(timeout=STOP_TIMEOUT_S)

    def kill(self, signal: str = "SIGKILL") -> None:
        """Ends it by this signal and waits until it has."""
        with self._container() as container:
            container.kill(signal)
            container.wait(timeout=STOP_TIMEOUT_S)

    def said(self, lines: int = 15) -> str:
        """The last lines of its log."""
        with self._container() as container:
            text: bytes = container.logs(tail=lines)
        return text.decode(errors="replace")

    def remove(self) -> None:
        """Ends it if it runs; its data goes, too."""
        with self._container() as container:
            container.remove(force=True, v=True)

    @contextmanager
    def _container(self) -> Iterator[Any]:  # the SDK is not typed
        with engine() as client:
            yield client.containers.get(self._id)


class Restartable:
    """What a run's server is to its user, in a container that a subclass's `start` makes, or starts again."""

    _server: Server | None = None

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.running

    def start(self) -> None:
        """Returns when it serves. Raises Trouble with the end of what it said when it does not."""
        raise NotImplementedError

    def stop(self) -> None:
        """Stops cleanly."""
        if self.running:
            self._started.stop()

    def kill(self) -> None:
        """SIGKILL to all of it, as a crash."""
        self._started.kill()

    def restart(self) -> None:
        """Starts again on the same data and the same port, after any kind of end."""
        self.stop()
        self.start()

    @property
    def _started(self) -> Server:
        assert self._server is not None, "not started"
        return self._server
