"""The embedded broker is a real one: it keeps what it acknowledged over kill -9."""

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from shared.messaging.kafka.connection import connection
from shared.messaging.settings import KafkaSettings
from tests.stack.choice import Kafka

WAIT_MS = 60_000


@pytest.mark.case(21)
def test_what_was_acknowledged_is_there_after_kill_9(own_kafka: Kafka) -> None:
    bootstrap = own_kafka.bootstrap
    way = connection(own_kafka.admin, "tests")
    admin = KafkaAdminClient(**way)
    admin.create_topics({"kept": {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    producer = KafkaProducer(**way, acks="all")
    producer.send("kept", b"message").get(timeout=WAIT_MS / 1000)
    producer.close()

    own_kafka.kill()
    assert not own_kafka.running
    own_kafka.restart()

    assert own_kafka.bootstrap == bootstrap
    consumer = KafkaConsumer(**way)
    place = TopicPartition("kept", 0)
    consumer.assign([place])
    consumer.seek(place, 0)
    assert [record.value for record in consumer.poll(timeout_ms=WAIT_MS)[place]] == [b"message"]
    consumer.close()


def test_a_topic_nobody_made_is_not_made_by_using_it(kafka_broker: KafkaSettings) -> None:
    consumer = KafkaConsumer("never-made", **connection(kafka_broker, "tests"))
    consumer.poll(timeout_ms=300)
    assert "never-made" not in consumer.topics()
    consumer.close()
