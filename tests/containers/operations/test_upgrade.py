"""A new version comes while purchases and usage flow."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from deploy.compose.engine import docker
from tests.containers.locked_stack import events, inspected
from tests.containers.operations.site import Site
from tests.stack.shared_server import RUN_VARIABLE

pytestmark = [
    pytest.mark.timeout(600),  # the first of them starts a whole project
    # kafka-python 3.0.12 forgets the socket of a connection that was refused.
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

VERSION = "0.2.0"


@pytest.fixture
def image() -> Iterator[str]:
    """The name of an image that is not built yet."""
    name = f"refill:{os.environ[RUN_VARIABLE]}-next"
    yield name
    docker("rmi", "--force", name)


def test_a_worker_is_replaced_by_its_next_version_without_a_gap_and_one_of_a_kind_with_a_short_one(
    site: Site, image: str
) -> None:
    with site.trial("rolling upgrade") as trial:
        site.runbook.follow("Build a new version", image=image, version=VERSION)
        site.note_sizes()

        trial.strike()
        with site.work(trial, "upgrade of credit-ledger by a second one", "credit-ledger"):
            site.runbook.follow("Upgrade a worker without a gap", image=image, worker="credit-ledger")
        with site.work(trial, "upgrade of billing in its place", "billing"):
            site.runbook.follow("Upgrade a worker that is one of a kind", image=image, worker="billing")
        trial.pass_by()

        for worker in ("credit-ledger", "billing"):
            (container,) = site.project.containers(worker)
            labels = inspected(container)["Config"]["Labels"]
            assert (container.image, labels["org.opencontainers.image.version"]) == (image, VERSION)
            assert not events(container, "worker.unhealthy") or container.health == "healthy"
