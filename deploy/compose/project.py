"""One compose project, driven: up and down, and each fault that a container can suffer."""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.compose.container import Container, containers_of
from deploy.compose.engine import LOOK_EVERY_S, Say, docker, docker_lines, docker_output, require_engine
from deploy.compose.leftovers import project_name, remove_abandoned, remove_project
from deploy.compose.override import Override
from deploy.local.ports import free_port
from deploy.local.run_folder import PROJECT, RunFolder
from deploy.local.trouble import Trouble
from deploy.local.waiting import wait_until

COMPOSE_FILE = PROJECT / "docker-compose.yml"
CLUSTER_FILE = PROJECT / "deploy" / "compose.cluster.yml"

PORTS = (
    "REFILL_PORT_KAFKA",
    "REFILL_PORT_KAFKA_2",
    "REFILL_PORT_KAFKA_3",
    "REFILL_PORT_POSTGRES",
    "REFILL_PORT_MAILDEV",
    "REFILL_PORT_STRIPE",
    "REFILL_PORT_BILLING",
)
"""The variables by which the project's files take their ports of 127.0.0.1."""

SECRETS_VARIABLE = "REFILL_SECRETS"
UP_ATTEMPTS = 3  # another process may win a port between our look and the engine's bind
PORT_TAKEN = ("port is already allocated", "address already in use")
UP_TIMEOUT_S = 300  # under 45 s from built images; a machine that does much else takes longer
STOP_TIMEOUT_S = 25  # above the 15 s that a worker grants itself to drain
HEALTHY_TIMEOUT_S = 120
LOG_LINES = 25
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def silent(line: str) -> None:
    """Says nothing."""


class Project:
    """The project of one run, with ports, secrets and a name of its own: many can be up at once.

    As a context manager it removes at the end, however that comes, its containers, volumes and networks; the logs stay
    in the run's folder. What it could not remove because it was killed, the next project of this checkout removes.
    """

    def __init__(
        self,
        run: RunFolder,
        *,
        secrets: Path,
        files: Sequence[Path] = (COMPOSE_FILE,),
        variables: Mapping[str, str] | None = None,
        say: Say = silent,
    ) -> None:
        """`secrets` is the folder that is mounted. `variables` are for the places in the files that name them. `say` is
        called with each line that docker says in what takes long."""
        self.run = run
        self.name = project_name(run.path)
        self.secrets = secrets
        self.override = Override(run.path / "override.json")
        self.files = tuple(files)
        self._variables = dict(variables or {})
        self._scales: dict[str, int] = {}
        self._say = say
        self._ports = {variable: free_port() for variable in PORTS}

    def port(self, variable: str) -> int:
        """The port of 127.0.0.1 that the variable carries. It stays the same once the project is up."""
        return self._ports[variable]

    # The whole project.

    def build(self) -> None:
        """Builds the image from the working tree."""
        self._compose_aloud("build")

    def up(self, *services: str, scale: Mapping[str, int] | None = None) -> None:
        """Starts everything, or these services and what they need, and returns when all is healthy.

        Raises Trouble with the end of what docker said and the last lines of each container that failed.
        """
        self._scales.update(scale or {})
        for left in reversed(range(UP_ATTEMPTS)):
            try:
                self._compose_aloud("up", "--wait", "--wait-timeout", str(UP_TIMEOUT_S), *self._up_words(), *services)
                return
            except Trouble as trouble:
                if not left or not any(reason in str(trouble) for reason in PORT_TAKEN):
                    raise Trouble(f"{trouble}{self._last_words_of_the_failed()}") from None
                self._ports = {variable: free_port() for variable in PORTS}

    def down(self, *, volumes: bool = True) -> None:
        """Stops and removes everything; with `volumes=False` the data stays for the next `up`."""
        with _undisturbed():
            self.keep_logs()
            if volumes:
                remove_project(self.name)
            else:
                self._compose("down", "--remove-orphans", "--timeout", str(STOP_TIMEOUT_S))

    def __enter__(self) -> Self:
        require_engine()
        for name in remove_abandoned(self.run.path.parent):
            self._say(f"Removed the containers of {name}, whose starter was killed.")
        remove_project(self.name)  # the same for the last holder of this very run
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.down()

    # One service of it. A scaled one suffers it with all its containers.

    def containers(self, service: str | None = None) -> list[Container]:
        """As they are now, jobs that have ended too."""
        return containers_of(self.name, service)

    def container(self, service: str) -> Container:
        """The first container of a service. Raises Trouble when there is none."""
        return self._some(service)[0]

    def exit_code(self, service: str) -> int | None:
        """None while it runs; the negative signal number when a signal ended it."""
        return self.container(service).exit_code

    def kill(self, service: str, number: str = "KILL") -> None:
        """`docker kill`, as a crash. The engine does not start again what it was told to kill."""
        docker("kill", "--signal", number, *self._ids(service))

    def stop(self, service: str, timeout_s: int = STOP_TIMEOUT_S) -> None:
        """The service's stop signal, and SIGKILL after `timeout_s` seconds."""
        docker("stop", "-t", str(timeout_s), *self._ids(service))

    def start(self, service: str) -> None:
        """Starts the same containers again, on the same data. Does not wait until they are healthy."""
        docker("start", *self._ids(service))

    def restart(self, service: str, timeout_s: int = STOP_TIMEOUT_S) -> None:
        """`stop` and `start`."""
        docker("restart", "-t", str(timeout_s), *self._ids(service))

    def pause(self, service: str) -> None:
        """Freezes every process of it: connections stay open, nobody answers."""
        docker("pause", *self._ids(service))

    def unpause(self, service: str) -> None:
        """Lets it go on as if nothing had been."""
        docker("unpause", *self._ids(service))

    def disconnect(self, service: str) -> dict[str, dict[str, tuple[str, ...]]]:
        """Pulls the service out of its networks. Returns what `connect` needs to put it back."""
        pulled = {each.id: each.networks for each in self._some(service)}
        for container, networks in pulled.items():
            for network in networks:
                docker("network", "disconnect", network, container)
        return pulled

    def connect(self, pulled: Mapping[str, Mapping[str, Sequence[str]]]) -> None:
        """Puts back what was pulled out, under all the names that it had."""
        for container, networks in pulled.items():
            for network, names in networks.items():
                aliases = [word for name in names if not container.startswith(name) for word in ("--alias", name)]
                docker("network", "connect", *aliases, network, container)

    def recreate(self, service: str, settings: Mapping[str, str] | None = None) -> None:
        """New containers of the service, with settings added, or as the project's files say. What it depends on is
        left alone. With settings the engine does not start it again when it ends. Does not wait until it is healthy."""
        self.keep_logs(service)
        self.override.set(service, settings or {})
        self._compose("up", "--no-deps", "--force-recreate", *self._up_words(), service)

    def scale(self, service: str, count: int) -> None:
        """As many containers of the service; waits until all are healthy."""
        self._scales[service] = count
        self._compose("up", "--no-deps", "--no-recreate", "--wait", *self._up_words(), service)

    def wait_healthy(self, *services: str, timeout_s: float = HEALTHY_TIMEOUT_S) -> None:
        """Returns when every container of these services is healthy. Raises TimeoutError."""
        for service in services:
            wait_until(partial(self._is_healthy, service), timeout_s, f"{service} is healthy", LOOK_EVERY_S)

    # What it says.

    def logs(self, service: str) -> str:
        """Everything that the service's present containers have said."""
        return "".join(docker_output("logs", each.id) for each in self.containers(service))

    def all_logs(self, service: str) -> str:
        """The same, and before it what the containers said that are gone."""
        kept = self._kept_log(service)
        return (kept.read_text(encoding="utf-8") if kept.exists() else "") + self.logs(service)

    def keep_logs(self, *services: str) -> None:
        """Adds what the present containers have said to `<service>.log` in the run's folder; before they go."""
        for each in self.containers():
            if not services or each.service in services:
                with self._kept_log(each.service).open("a", encoding="utf-8") as file:
                    file.write(docker_output("logs", each.id))

    def _kept_log(self, service: str) -> Path:
        return self.run.path / f"{service}.log"

    def _last_words_of_the_failed(self) -> str:
        failed = [each for each in self.containers() if each.exit_code or each.health == "unhealthy"]
        return "".join(
            f"\n{each.service} ({each.health or each.exit_code}) said last:\n"
            + docker_output("logs", "--tail", str(LOG_LINES), each.id).rstrip()
            for each in failed
        )

    def _is_healthy(self, service: str) -> bool:
        return all(each.status == "running" and each.health == "healthy" for each in self._some(service))

    def _some(self, service: str) -> list[Container]:
        found = self.containers(service)
        if not found:
            raise Trouble(f"The project {self.name} has no container of {service}.")
        return found

    def _ids(self, service: str) -> list[str]:
        return [container.id for container in self._some(service)]

    def _up_words(self) -> list[str]:
        scales = [word for service, count in self._scales.items() for word in ("--scale", f"{service}={count}")]
        return ["--detach", "--no-build", *scales]

    def _compose(self, *words: str) -> str:
        return docker("compose", *words, environment=self._environment())

    def _compose_aloud(self, *words: str) -> None:
        docker_lines("compose", *words, environment=self._environment(), say=self._say)

    def _environment(self) -> dict[str, str]:
        files = (*self.files, self.override.write())
        return {
            "COMPOSE_PROJECT_NAME": self.name,
            "COMPOSE_FILE": os.pathsep.join(str(path) for path in files),
            "COMPOSE_ANSI": "never",
            SECRETS_VARIABLE: str(self.secrets),
            **{variable: str(port) for variable, port in self._ports.items()},
            **self._variables,
            **self.run.environment,
        }


@contextmanager
def _undisturbed() -> Iterator[None]:
    """A second Ctrl-C, from someone who thinks the first was not heard, must not leave half of it behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, signal.SIG_IGN) for number in ENDING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
