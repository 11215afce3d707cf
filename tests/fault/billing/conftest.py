"""A shop with a real worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deploy.local.world import World
from tests.fault.billing.shop import Shop


@pytest.fixture
def shop(world: World) -> Iterator[Shop]:
    """Acme's shop in a world of its own, the billing worker not started."""
    made = Shop(world)
    yield made
    made.close()
