"""What a super user sees of a cluster: who leads what, and whether every replica is there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from deploy.compose.engine import LOOK_EVERY_S
from shared.contracts import catalog
from shared.messaging.settings import KafkaSettings
from tests.containers.faults.log_reader import ends_of
from tests.containers.faults.post import plainly
from tests.e2e.waiting import wait_until

REPLICAS = 3
PATIENCE_S = 240
BUSY = (catalog.PRODUCT_USAGE.name, catalog.TOP_UP_COMMANDS.name)

Place = tuple[str, int]


@dataclass(frozen=True)
class Brokers:
    """Asked anew each time, of whoever answers."""

    kafka: KafkaSettings

    def leader_of_the_busiest(self) -> tuple[Place, int]:
        """The partition into which the driver has written most, and the number of the broker that leads it."""
        ends = ends_of(self.kafka, BUSY)
        place = max(ends, key=lambda each: ends[each])
        return place, self.leader_of(place)

    def leader_of(self, place: Place) -> int:
        return int(self._partitions()[place]["leader_id"])

    def wait_until_whole(self) -> None:
        """Every partition has all its replicas in step."""
        wait_until(self._is_whole, "every replica is in step", PATIENCE_S, LOOK_EVERY_S)

    def _is_whole(self) -> bool:
        from kafka.errors import KafkaError

        try:
            return all(len(told["isr_nodes"]) == REPLICAS for told in self._partitions().values())
        except KafkaError:  # the broker that was asked is the one that comes back
            return False

    def _partitions(self) -> dict[Place, dict[str, Any]]:
        from kafka import KafkaAdminClient

        admin = KafkaAdminClient(**plainly(self.kafka))
        try:
            return {
                (topic["name"], told["partition_index"]): told
                for topic in admin.describe_topics([topic.name for topic in catalog.TOPICS])
                for told in topic["partitions"]
            }
        finally:
            admin.close()
