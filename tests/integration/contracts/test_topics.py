"""Topics on a real broker: made as the catalog says, once, and what is otherwise is said plainly."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.kafka.topics import TopicSettings, create, problems
from shared.contracts.catalog import PRODUCT_USAGE, TOPICS
from shared.messaging.kafka import Administrator
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings
from tests.stack.topics import delete_topics


@pytest.fixture
def settings(kafka_broker: KafkaSettings) -> Iterator[TopicSettings]:
    settings = TopicSettings(
        kafka_bootstrap=",".join(kafka_broker.bootstrap),
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_sasl_mechanism="SCRAM-SHA-512",
        kafka_username=kafka_broker.username,
        kafka_password=kafka_broker.password,
        topic_prefix=f"topics-{uuid.uuid4().hex[:8]}.",
        topic_partitions=2,
    )
    yield settings
    delete_topics(settings.kafka())


def test_topics_are_made_once_and_found_right(settings: TopicSettings) -> None:
    assert create(settings)[-1] == f"{len(TOPICS)} topics, {len(TOPICS)} of them new"
    assert create(settings) == [f"{len(TOPICS)} topics, 0 of them new"]
    assert problems(settings.kafka(), settings.topics()) == []


def test_without_an_override_the_catalogs_number_of_partitions_is_wanted(settings: TopicSettings) -> None:
    catalogs = settings.model_copy(update={"topic_partitions": None})
    assert [topic.partitions for topic in catalogs.topics()] == [topic.partitions for topic in TOPICS]
    create(settings)
    found = problems(catalogs.kafka(), catalogs.topics())
    assert len(found) == len(TOPICS)
    assert f"{settings.topic_prefix}product.usage.v1 has 2 partitions, the catalog says 12" in found
    with pytest.raises(KafkaProblem, match="has 2 partitions, the catalog says 12"):
        create(catalogs)


def test_missing_topics_are_named(settings: TopicSettings) -> None:
    administrator = Administrator(settings.kafka())
    administrator.create([replace(PRODUCT_USAGE, partitions=2)])
    administrator.close()
    (found,) = problems(settings.kafka(), settings.topics())
    assert f"{settings.topic_prefix}workspace.directory.v1" in found
    assert "product.usage.v1" not in found


def test_a_broker_that_is_not_there_is_named(settings: TopicSettings) -> None:
    nowhere = settings.model_copy(update={"kafka_bootstrap": "127.0.0.1:1"})
    (found,) = problems(nowhere.kafka(), nowhere.topics())
    assert "127.0.0.1:1" in found
