"""One container of a project as the engine describes it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from deploy.compose.engine import docker

PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"
SIGNALLED = 128  # a shell's way to say that a signal ended a process; the engine's too


@dataclass(frozen=True)
class Container:
    """What it is called, which service it serves, and how it is at this moment."""

    id: str
    name: str
    service: str
    status: str  # created, running, paused, restarting, exited, dead
    health: str  # starting, healthy, unhealthy; empty without a health check
    image: str
    exited_with: int
    networks: dict[str, tuple[str, ...]] = field(default_factory=dict)  # and its other names in each

    @property
    def running(self) -> bool:
        """A paused one runs: it holds its connections and does nothing."""
        return self.status in ("running", "paused")

    @property
    def exit_code(self) -> int | None:
        """None while it runs; the negative signal number when a signal ended it, as for a process of our own."""
        if self.status not in ("exited", "dead"):
            return None
        return SIGNALLED - self.exited_with if self.exited_with > SIGNALLED else self.exited_with


def containers_of(project: str, service: str | None = None) -> list[Container]:
    """Every container of the project, or of one service of it, running or not, by name."""
    labels = [f"{PROJECT_LABEL}={project}", *([f"{SERVICE_LABEL}={service}"] if service else [])]
    filters = [word for label in labels for word in ("--filter", f"label={label}")]
    ids = docker("ps", "--all", "--quiet", "--no-trunc", *filters).split()
    return sorted(_inspected(ids), key=lambda container: container.name)


def _inspected(ids: Sequence[str]) -> list[Container]:
    if not ids:
        return []
    return [_read(described) for described in json.loads(docker("inspect", "--type", "container", *ids))]


def _read(described: dict[str, Any]) -> Container:
    state, labels = described["State"], described["Config"]["Labels"]
    networks = described["NetworkSettings"]["Networks"]
    return Container(
        id=described["Id"],
        name=described["Name"].removeprefix("/"),
        service=labels[SERVICE_LABEL],
        status=state["Status"],
        health=(state.get("Health") or {}).get("Status", ""),
        image=described["Config"]["Image"],
        exited_with=int(state["ExitCode"]),
        networks={name: tuple(network.get("Aliases") or ()) for name, network in networks.items()},
    )
