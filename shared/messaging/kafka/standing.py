"""How a program stands with Kafka: which topics it sees, what it may do with them, which groups it may join."""

from __future__ import annotations

import socket
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal

from kafka.protocol.admin import DescribeGroupsRequest
from kafka.protocol.api_message import ApiMessage
from kafka.protocol.metadata import MetadataRequest

from shared.messaging.failures import Weather
from shared.messaging.kafka.dialogue import ANSWER_TIMEOUT_S, NO_ERROR, Dialogue
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings

Right = Literal["READ", "WRITE"]
OPERATIONS: Mapping[Right, int] = {"READ": 3, "WRITE": 4}  # the numbers of Kafka's `AclOperation`
UNKNOWN_TOPIC, TOPIC_FORBIDDEN, GROUP_FORBIDDEN = 3, 29, 30


@dataclass(frozen=True, slots=True)
class Standing:
    """As one broker tells it. Names are whole, prefix included.

    `partitions` has the topics that are there and may be seen; `hidden` those that may not be seen, there or not;
    `rights` what may be done with those seen; `closed` are groups that may not be joined; `brokers` are the addresses
    by which the brokers are to be reached, the bootstrap servers being for the first word only.
    """

    partitions: Mapping[str, int]
    hidden: frozenset[str]
    rights: Mapping[str, frozenset[Right]]
    closed: frozenset[str]
    brokers: frozenset[str]

    @classmethod
    def of(cls, settings: KafkaSettings, topics: Collection[str], groups: Collection[str] = ()) -> Standing:
        """Ask the first bootstrap server that answers.

        Raises KafkaProblem when one refuses us for good and none takes us, Weather when none answers.
        """
        with _any_of(settings) as dialogue:
            told = dialogue.ask(_about_topics(topics))
            joined = dialogue.ask(_about_groups(groups)).groups if groups else []
        seen = [topic for topic in told.topics if topic.error_code not in (UNKNOWN_TOPIC, TOPIC_FORBIDDEN)]
        return cls(
            partitions={topic.name: len(topic.partitions) for topic in seen},
            hidden=frozenset(topic.name for topic in told.topics if topic.error_code == TOPIC_FORBIDDEN),
            rights={topic.name: _rights(topic.authorized_operations) for topic in seen},
            closed=frozenset(group.group_id for group in joined if _is_closed(group)),
            brokers=frozenset(f"{broker.host}:{broker.port}" for broker in told.brokers),
        )


def _any_of(settings: KafkaSettings) -> Dialogue:
    refusals: dict[str, None] = {}
    silent: dict[str, None] = {}
    for server in settings.bootstrap:
        try:
            return Dialogue(settings, server)
        except KafkaProblem as problem:
            refusals[str(problem)] = None
        except Weather as weather:
            silent[str(weather)] = None
    raise KafkaProblem("; ".join(refusals)) if refusals else Weather("; ".join(silent))


def _about_topics(names: Collection[str]) -> ApiMessage:
    topic = MetadataRequest.MetadataRequestTopic
    return MetadataRequest(
        version=9,
        topics=[topic(version=9, name=name) for name in sorted(names)],
        allow_auto_topic_creation=False,
        include_cluster_authorized_operations=False,
        include_topic_authorized_operations=True,
    )


def _about_groups(names: Collection[str]) -> ApiMessage:
    return DescribeGroupsRequest(version=5, groups=sorted(names), include_authorized_operations=True)


def _rights(operations: Collection[int]) -> frozenset[Right]:
    return frozenset(right for right, number in OPERATIONS.items() if number in operations)


def _is_closed(group: ApiMessage) -> bool:
    """A broker that does not coordinate the group tells no operations: then its silence counts as leave."""
    if group.error_code == NO_ERROR:
        return "READ" not in _rights(group.authorized_operations)
    return bool(group.error_code == GROUP_FORBIDDEN)


def absent(standing: Standing, settings: KafkaSettings, topics: Collection[str]) -> str | None:
    """Which of these topics are missing, in a sentence; not those that may not be seen."""
    names = sorted(set(topics) - standing.partitions.keys() - standing.hidden)
    if not names:
        return None
    mend = "`python -m deploy.kafka.topics create` makes them"
    return f"topics missing at {settings.bootstrap[0]}: {', '.join(names)}. {mend}"


def unreachable(standing: Standing, settings: KafkaSettings) -> str | None:
    """In a sentence, that no broker listens where it says it does: the client would wait for it in vain."""
    elsewhere = standing.brokers - set(settings.bootstrap)
    if len(elsewhere) < len(standing.brokers) or any(_listens(broker) for broker in elsewhere):
        return None
    return (
        f"{settings.bootstrap[0]} answers, but sends us on to {', '.join(sorted(elsewhere))}, where nobody listens: "
        "are the brokers' advertised.listeners right?"
    )


def _listens(server: str) -> bool:
    host, _, port = server.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER_TIMEOUT_S).close()
    except OSError:
        return False
    return True
