"""A whole compose project that several tests share, and what the engine says about its containers."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from deploy.compose.container import Container
from deploy.compose.engine import docker, docker_output
from deploy.compose.stack import ContainerStack
from deploy.local.run_folder import RunFolder
from tests.stack.shared_server import RUN_VARIABLE

WORKERS = ("billing", "credit-ledger", "notification")
SERVERS = ("kafka", "postgres", "maildev", "stripe-sandbox")
JOBS = ("kafka-access", "topics", "roles", "migrate-billing", "migrate-credit-ledger", "migrate-notification")


@contextmanager
def running() -> Iterator[ContainerStack]:
    """Up and healthy; removed at the end."""
    name = f"{os.environ[RUN_VARIABLE]}-{uuid.uuid4().hex[:8]}"
    with RunFolder.claim(name, keep=False) as run, ContainerStack(run) as stack:
        yield stack


def inspected(container: Container) -> dict[str, Any]:
    """Everything that the engine shows to whoever may ask it."""
    found: dict[str, Any] = json.loads(docker("inspect", container.id))[0]
    return found


def inside(container: Container, *command: str) -> str:
    """What a command in the container prints. Raises Trouble when it fails."""
    return docker("exec", container.id, *command)


def events(container: Container, name: str) -> list[dict[str, Any]]:
    """The worker's log lines of one event, in order."""
    lines = [line for line in docker_output("logs", container.id).splitlines() if line.startswith("{")]
    return [line for line in map(json.loads, lines) if line["event"] == name]


def partitions(container: Container, lane: str) -> int:
    """How many partitions the worker says its lane has at last."""
    placed = [event["partitions"] for event in events(container, "lane.placed") if event["lane"] == lane]
    return int(placed[-1]) if placed else 0
