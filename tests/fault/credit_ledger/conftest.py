"""A counting house with a real worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.cluster import Cluster
from deploy.local.world import World
from tests.fault.credit_ledger.counting_house import CountingHouse


@pytest.fixture
def house(world: World, cluster: Cluster) -> Iterator[CountingHouse]:
    """Acme's in a world of its own: directory and quotas known, the worker stopped."""
    made = CountingHouse(world, cluster)
    made.open()
    yield made
    made.close()
