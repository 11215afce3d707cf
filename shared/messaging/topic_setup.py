"""Are broker and topics there? Said in a sentence for a person; and made, where they are missing."""

from __future__ import annotations

from collections.abc import Sequence

from shared.contracts.topics import Topic
from shared.messaging.failures import Weather
from shared.messaging.kafka import Administrator
from shared.messaging.kafka.standing import Standing, absent, unreachable
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings


def create_topics(settings: KafkaSettings, topics: Sequence[Topic], replication: int = -1) -> list[str]:
    """Make what is missing and bring the configuration of the rest up to the catalog's; returns the names made now.

    Raises KafkaProblem where a topic has another number of partitions: keys would move, and with them their order.
    """
    administrator = Administrator(settings)
    try:
        existing = administrator.partitions()
        for topic in topics:
            if existing.get(topic.name, topic.partitions) != topic.partitions:
                raise KafkaProblem(
                    f"{topic.name} has {existing[topic.name]} partitions, the catalog says {topic.partitions}: "
                    "a key would change its partition. Make a new major version of the topic instead."
                )
        missing = [topic for topic in topics if topic.name not in existing]
        administrator.create(missing, replication)
        administrator.configure([topic for topic in topics if topic.name in existing])
        return [topic.name for topic in missing]
    finally:
        administrator.close()


def missing(settings: KafkaSettings, topics: Sequence[Topic]) -> str | None:
    """What stands between us and these topics, in a sentence for a person; None when all is there that we may see."""
    names = [settings.prefix + topic.name for topic in topics]
    try:
        standing = Standing.of(settings, names)
    except (Weather, KafkaProblem) as error:
        return str(error)
    return absent(standing, settings, names) or unreachable(standing, settings)
