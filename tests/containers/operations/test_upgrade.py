"""A new version comes while purchases and usage flow."""

from __future__ import annotations

import pytest

from tests.containers.locked_stack import inspected
from tests.containers.operations.site import Site

pytestmark = [
    pytest.mark.timeout(600),  # the first of them starts a whole project
]

VERSION = "0.2.0"


def test_a_worker_is_replaced_by_its_next_version_without_a_gap_and_one_of_a_kind_with_a_short_one(
    site: Site, next_image: str
) -> None:
    with site.trial("rolling upgrade") as trial:
        site.runbook.follow("Build a new version", image=next_image, version=VERSION)
        site.runbook.follow("Make the topics, users and rights that it needs", image=next_image)
        site.note_sizes()

        trial.strike()
        with site.work(trial, "upgrade of credit-ledger by a second one", "credit-ledger"):
            site.runbook.follow("Upgrade a worker without a gap", image=next_image, worker="credit-ledger")
        with site.work(trial, "upgrade of billing in its place", "billing"):
            site.runbook.follow("Upgrade a worker that is one of a kind", image=next_image, worker="billing")
        trial.pass_by()

        for worker in ("credit-ledger", "billing"):
            (container,) = site.project.containers(worker)
            labels = inspected(container)["Config"]["Labels"]
            assert (container.image, labels["org.opencontainers.image.version"]) == (next_image, VERSION)
