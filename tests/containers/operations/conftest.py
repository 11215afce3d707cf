"""One project for all operations: to start it takes longer than to work on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress

import pytest

from deploy.compose.engine import docker
from deploy.compose.stack import ContainerStack
from deploy.local.ports import LOOPBACK
from deploy.local.run_folder import RunFolder
from deploy.local.trouble import Trouble
from tests.containers.operations.site import Site
from tests.stack.containers.image import IMAGE_VARIABLE, image
from tests.stack.shared_server import RUN_VARIABLE

PARTITIONS = 12  # the catalog's, as in production


@pytest.fixture(scope="session")
def next_image() -> Iterator[str]:
    """The name of an image that a test may build. It goes after the containers that are made of it."""
    name = f"refill:{os.environ[RUN_VARIABLE]}-next"
    yield name
    with suppress(Trouble):  # nobody built it
        docker("rmi", name)


@pytest.fixture(scope="session")
def site(next_image: str) -> Iterator[Site]:
    """The whole of docker-compose.yml, as it stands."""
    given = IMAGE_VARIABLE in os.environ
    variables = {"REFILL_IMAGE": image()} if given else {}
    with (
        RunFolder.claim(f"{os.environ[RUN_VARIABLE]}-operations", keep=False) as run,
        ContainerStack(run, variables=variables, build=not given) as stack,
    ):
        made = Site(stack.world, (f"{LOOPBACK}:{stack.project.port('REFILL_PORT_KAFKA')}",), PARTITIONS)
        yield made
        made.close()
