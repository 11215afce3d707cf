"""The engine that runs the tests' containers, and the end of every container of a run.

Each container carries the folder of the run that it belongs to (deploy/local/run_folder.py). Whether that run lives
is asked of its lock, so what was killed leaves nothing for long: the last process of a pytest run removes what is left,
and so does the first of the next run. Testcontainers' own cleaner, Ryuk, would be one more image to pull and one more
container that may end others: it is switched off.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker  # type: ignore[import-untyped]  # the SDK has no types
from docker.errors import APIError  # type: ignore[import-untyped]  # the same
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from deploy.local.run_folder import RUNS, is_held

RUN_LABEL = "refill.run"


def container_of(run: Path, image: str, **options: Any) -> DockerContainer:
    """A container to be started, that ends with the run at the latest.

    It shares this machine's network, where it must listen on 127.0.0.1 only: tests and workers find it there, it keeps
    its port over restarts, and no proxy halves its speed (a SELECT takes 0.1 ms instead of 0.2). `options` are those of
    the Docker SDK's `containers.create`.
    """
    testcontainers_config.ryuk_disabled = True
    return DockerContainer(image).with_kwargs(network="host", labels={RUN_LABEL: str(run)}, **options)


def started(container: DockerContainer) -> str:
    """Starts it; the id by which the engine knows it. No connection to the engine stays open."""
    try:
        return container.start().get_container_id()
    finally:
        container.get_docker_client().client.close()


@contextmanager
def engine() -> Iterator[Any]:  # the SDK is not typed
    """A conversation with the engine, which answers (deploy/compose/engine.py asks)."""
    client = docker.from_env()
    try:
        yield client
    finally:
        client.close()


def remove_abandoned(runs: Path = RUNS) -> list[str]:
    """Removes the containers of the runs of this checkout that nobody holds. Returns the names of the runs."""
    abandoned: set[str] = set()
    with engine() as client:
        for container in client.containers.list(all=True, filters={"label": RUN_LABEL}, ignore_removed=True):
            run = Path(container.labels[RUN_LABEL])
            if run.parent == runs.absolute() and not is_held(run.name, runs):
                with suppress(APIError):  # another cleaner was faster
                    container.remove(force=True, v=True)
                abandoned.add(run.name)
    return sorted(abandoned)
