"""Makes the catalog's topics: `python -m deploy.kafka.topics create`, or `check` that they are as the catalog says.

Both read `REFILL_KAFKA_BOOTSTRAP` and `REFILL_TOPIC_PREFIX`. `REFILL_TOPIC_REPLICATION` is the replication factor (the
broker's own default when unset); `REFILL_TOPIC_PARTITIONS` makes fewer partitions than the catalog's, for tests: never
for data that is to stay, since a key's partition is fixed for the life of v1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated

from pydantic import Field

from shared.contracts.catalog import TOPICS
from shared.contracts.topics import Topic
from shared.messaging.failures import SettingsProblem, Weather
from shared.messaging.kafka import Administrator
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import EXIT_CODE, ClientSettings, KafkaSettings, load_settings
from shared.messaging.topic_setup import create_topics, missing


class TopicSettings(ClientSettings):
    """What making topics needs beyond the broker's address."""

    topic_replication: Annotated[int, Field(ge=1, le=9)] | None = Field(
        None, description="how many brokers keep each topic"
    )
    topic_partitions: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="partitions of every topic, in place of the catalog's number"
    )

    def topics(self) -> list[Topic]:
        """The catalog's topics, with the number of partitions wanted here."""
        return with_partitions(self.topic_partitions)


def with_partitions(number: int | None) -> list[Topic]:
    """The catalog's topics, each with this number of partitions; with the catalog's own where it is None."""
    return list(TOPICS) if number is None else [replace(topic, partitions=number) for topic in TOPICS]


def create(settings: TopicSettings) -> list[str]:
    """Make what is missing, set the configuration of the rest; says what it did. Raises KafkaProblem, Weather."""
    topics = settings.topics()
    made = create_topics(settings.kafka(), topics, settings.topic_replication or -1)
    return [f"made {name}" for name in made] + [f"{len(topics)} topics, {len(made)} of them new"]


def problems(kafka: KafkaSettings, topics: Sequence[Topic]) -> list[str]:
    """What is not as the catalog says, one sentence each; empty when all is well. Raises KafkaProblem, Weather."""
    absent = missing(kafka, topics)
    if absent:
        return [absent]
    administrator = Administrator(kafka)
    try:
        found = administrator.partitions()
    finally:
        administrator.close()
    return [
        f"{kafka.prefix}{topic.name} has {found[topic.name]} partitions, the catalog says {topic.partitions}"
        for topic in topics
        if found[topic.name] != topic.partitions
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.kafka.topics", description=__doc__)
    parser.add_argument("action", choices=("create", "check"))
    action = parser.parse_args().action
    try:
        settings = load_settings(TopicSettings)
        if action == "create":
            print("\n".join(create(settings)))
            return 0
        found = problems(settings.kafka(), settings.topics())
    except SettingsProblem as error:
        print(error, file=sys.stderr)
        return EXIT_CODE
    except (KafkaProblem, Weather) as error:
        print(error, file=sys.stderr)
        return 1
    print("\n".join(found) or f"{len(TOPICS)} topics are as the catalog says", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
