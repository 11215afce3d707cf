"""Topics: made, described, configured."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from shared.contracts.topics import Topic
from shared.messaging.kafka.connection import connection, kafka_errors, translated
from shared.messaging.settings import KafkaSettings


class Administrator:
    """Makes and describes topics."""

    def __init__(self, settings: KafkaSettings) -> None:
        self._prefix = settings.prefix
        with translated("cannot reach Kafka"):
            self._admin = KafkaAdminClient(**connection(settings, "refill-admin"), request_timeout_ms=30_000)

    def partitions(self) -> dict[str, int]:
        """The number of partitions of every topic under our prefix, by name without it."""
        with translated("describing topics"):
            described = self._admin.describe_topics()
        return {
            topic["name"][len(self._prefix) :]: len(topic["partitions"])
            for topic in described
            if topic["name"].startswith(self._prefix) and not topic["error_code"]
        }

    def create(self, topics: Sequence[Topic], replication: int = -1) -> None:
        """Make these topics and wait until they can be used. `replication` -1 is the broker's own default."""
        wanted = {
            self._prefix + topic.name: {
                "num_partitions": topic.partitions,
                "replication_factor": replication,
                "configs": topic.broker_settings(),
            }
            for topic in topics
        }
        if wanted:
            with translated("creating topics"), suppress(kafka_errors.TopicAlreadyExistsError):
                self._admin.create_topics(wanted)
            with translated("waiting for new topics"):
                self._admin.wait_for_topics(list(wanted))

    def configure(self, topics: Sequence[Topic]) -> None:
        """Set these topics' configuration to the catalog's."""
        kind = ConfigResourceType.TOPIC
        resources = [ConfigResource(kind, self._prefix + topic.name, topic.broker_settings()) for topic in topics]
        if resources:
            with translated("configuring topics"):
                self._admin.alter_configs(resources)

    def close(self) -> None:
        self._admin.close()
