"""Are broker and topics there? Said in a sentence for a person; and made, where they are missing."""

from __future__ import annotations

import socket
from collections.abc import Sequence

from shared.contracts.topics import Topic
from shared.messaging.failures import Weather
from shared.messaging.kafka import Administrator
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
    """What stands between us and these topics, in a sentence for a person; None when all is there.

    The client says KafkaTimeoutError to a dead address, a wrong password and a missing topic alike: told apart here.
    """
    silent = [server for server in settings.bootstrap if not _listens(server)]
    if len(silent) == len(settings.bootstrap):
        return f"nobody listens at {', '.join(silent)}: is Kafka running, and REFILL_KAFKA_BOOTSTRAP right?"
    try:
        administrator = Administrator(settings)
    except (Weather, KafkaProblem):
        who = f" or the password of {settings.username}" if settings.sasl_mechanism else ""
        return (
            f"{settings.bootstrap[0]} answers, but not as Kafka over {settings.security_protocol}: that{who} is wrong"
        )
    try:
        absent = sorted(topic.name for topic in topics if topic.name not in administrator.partitions())
    except (Weather, KafkaProblem) as error:
        return str(error)
    finally:
        administrator.close()
    return (
        f"topics missing at {settings.bootstrap[0]}: {', '.join(settings.prefix + name for name in absent)}"
        if absent
        else None
    )


def _listens(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=2).close()
    except OSError:
        return False
    return True
