"""One project for many faults: to start it takes longer than to suffer one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.compose.project import CLUSTER_FILE, COMPOSE_FILE
from deploy.compose.stack import ContainerStack
from deploy.local.ports import LOOPBACK
from deploy.local.run_folder import RunFolder
from tests.containers.faults.stage import Stage
from tests.stack.containers.image import IMAGE_VARIABLE, image
from tests.stack.shared_server import RUN_VARIABLE

PARTITIONS = 12  # the catalog's, as in production
PORTS = ("REFILL_PORT_KAFKA", "REFILL_PORT_KAFKA_2", "REFILL_PORT_KAFKA_3")


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """One broker, one database, and two replicas of the ledger that share its partitions."""
    yield from _up("faults", (COMPOSE_FILE,), brokers=1, ledgers=2)


@pytest.fixture(scope="module")
def cluster_stage() -> Iterator[Stage]:
    """Three brokers, of which two must have a message."""
    yield from _up("cluster-faults", (COMPOSE_FILE, CLUSTER_FILE), brokers=3, ledgers=1)


def _up(name: str, files: tuple[Path, ...], *, brokers: int, ledgers: int) -> Iterator[Stage]:
    given = IMAGE_VARIABLE in os.environ
    variables = {"REFILL_IMAGE": image()} if given else {}
    with (
        RunFolder.claim(f"{os.environ[RUN_VARIABLE]}-{name}", keep=False) as run,
        ContainerStack(run, files=files, variables=variables, build=not given) as stack,
    ):
        if ledgers > 1:
            stack.project.scale("credit-ledger", ledgers)
        bootstrap = tuple(f"{LOOPBACK}:{stack.project.port(port)}" for port in PORTS[:brokers])
        stage = Stage(stack.world, bootstrap, PARTITIONS)
        yield stage
        stage.close()
