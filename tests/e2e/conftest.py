"""One running system for all tests of this folder that do not break it: starting it takes longer than they do."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from deploy.local.cluster import Cluster
from deploy.local.run_folder import PROJECT
from shared.contracts import catalog
from shared.messaging.settings import KafkaSettings
from tests.e2e.strangers import Strangers, send_strangers
from tests.e2e.town import Town
from tests.stack.fixtures import fresh_run_folder, fresh_world


@pytest.fixture(scope="package")
def town(cluster: Cluster, kafka_broker: KafkaSettings) -> Iterator[Town]:
    """All three workers on real parts, with the examples' catalog in force. Each test lives in its own household."""
    with fresh_run_folder("town") as run, fresh_world(cluster, kafka_broker, run, "town") as world:
        world.start_workers()
        town = Town(world, cluster.url(world.database))
        publish_catalog(town)
        yield town
        town.close()


@pytest.fixture(scope="package")
def strangers(town: Town) -> Strangers:
    """Sent once, as early as possible: whoever asks for it first lets the wait begin for all."""
    return send_strangers(town)


def publish_catalog(town: Town) -> None:
    """The examples' catalog; waits until billing has it, so that no test meets a billing without one."""
    event = json.loads((PROJECT / "examples" / "catalog.json").read_text())
    town.client.send(catalog.PRICE_CATALOG, catalog.PRICE_CATALOG.messages[0].read(event["data"]))
    town.all_consumed(catalog.PRICE_CATALOG)
