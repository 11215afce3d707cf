"""Real attempts at a real broker, each a request of Kafka's own protocol: the client calls most refusals a time-out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kafka.protocol.admin import (
    CreatePartitionsRequest,
    CreateTopicsRequest,
    DeleteTopicsRequest,
    IncrementalAlterConfigsRequest,
)
from kafka.protocol.consumer import FetchRequest, JoinGroupRequest
from kafka.protocol.metadata import FindCoordinatorRequest
from kafka.protocol.producer import ProduceRequest
from kafka.record import MemoryRecords, MemoryRecordsBuilder

from shared.messaging.failures import Weather
from shared.messaging.kafka.dialogue import Dialogue
from shared.messaging.log import KafkaProblem
from shared.messaging.settings import KafkaSettings
from tests.integration.kafka.rights.expected import Deed

# Error codes ("Apache Kafka protocol guide").
DONE, UNKNOWN_TOPIC, NO_SUCH_TOPIC_FOR_YOU, NOT_YOUR_GROUP, EXISTS, MEMBER_ID_REQUIRED = 0, 3, 29, 30, 36, 79
COORDINATOR_IS_COMING = (14, 15, 16)
TOPIC_KIND, SET = 2, 0
PATIENCE_S = 30

Answers = Mapping[str, int]


class Unproven(Dialogue):
    """A connection that skips the proof of its name and asks at once."""

    def _prove_the_name(self) -> None:
        pass


class Attempts:
    """One principal's attempts on all topics of a prefix; each returns the topics where it was let."""

    def __init__(self, settings: KafkaSettings, topics: Sequence[str], connect: type[Dialogue] = Dialogue) -> None:
        self.settings = settings
        self._topics = [settings.prefix + topic for topic in topics]
        self._connect = connect
        self._deeds: dict[Deed, Callable[[], Answers]] = {
            "read": self._read,
            "write": self._write,
            "create": self._create,
            "alter": self._alter,
            "delete": self._delete,
        }

    def let(self, deed: Deed) -> set[tuple[str, Deed]]:
        """Where the broker lets this principal do it. A broker that lets nobody in lets it nothing."""
        try:
            answers = self._deeds[deed]()
        except (KafkaProblem, Weather):
            return set()
        unclear = {topic: code for topic, code in answers.items() if code not in (DONE, EXISTS, NO_SUCH_TOPIC_FOR_YOU)}
        assert not unclear, f"{self.settings.username} {deed}: {unclear}"
        assert len(answers) == len(self._topics)
        prefix = len(self.settings.prefix)
        return {(topic[prefix:], deed) for topic, code in answers.items() if code != NO_SUCH_TOPIC_FOR_YOU}

    def wait_for_topics(self) -> None:
        """Until each topic has its leader; for one who may read them all."""
        deadline = time.monotonic() + PATIENCE_S
        while any(partition.error_code != DONE for partition in self._fetch().values()):
            assert time.monotonic() < deadline, "topics without a leader"
            time.sleep(0.05)

    def contents(self) -> dict[str, list[str]]:
        """Who wrote into each topic, by what they wrote."""
        found = self._fetch()
        prefix = len(self.settings.prefix)
        return {name[prefix:]: _values(partition.records) for name, partition in found.items()}

    def joins(self, group: str) -> bool:
        """Whether the coordinator takes it for a member of the group: it asks it to come again with the id it gives."""
        name = self.settings.prefix + group
        try:
            self._ask(lambda: FindCoordinatorRequest(version=3, key=name, key_type=0))
            code = self._ask(lambda: _join(name)).error_code
            deadline = time.monotonic() + PATIENCE_S
            while code in COORDINATOR_IS_COMING and time.monotonic() < deadline:
                time.sleep(0.05)
                code = self._ask(lambda: _join(name)).error_code
        except (KafkaProblem, Weather):
            return False
        assert code in (MEMBER_ID_REQUIRED, NOT_YOUR_GROUP), code
        return bool(code == MEMBER_ID_REQUIRED)

    def _read(self) -> Answers:
        found = self._fetch()
        unread = [name for name, partition in found.items() if partition.error_code == DONE and not partition.records]
        assert not unread, f"let in, but nothing was there to be read: {unread}"
        return {name: partition.error_code for name, partition in found.items()}

    def _fetch(self) -> dict[str, Any]:
        topic = FetchRequest.FetchTopic
        answer = self._ask(
            lambda: FetchRequest(
                version=6,
                replica_id=-1,
                max_wait_ms=100,
                min_bytes=1,
                max_bytes=10_000_000,
                isolation_level=0,
                topics=[
                    topic(
                        version=6,
                        topic=name,
                        partitions=[
                            topic.FetchPartition(
                                version=6,
                                partition=0,
                                fetch_offset=0,
                                log_start_offset=-1,
                                partition_max_bytes=1_000_000,
                            )
                        ],
                    )
                    for name in self._topics
                ],
            )
        )
        return {each.topic: each.partitions[0] for each in answer.responses}

    def _write(self) -> Answers:
        who = str(self.settings.username).encode()
        topic = ProduceRequest.TopicProduceData
        answer = self._ask(
            lambda: ProduceRequest(
                version=8,
                transactional_id=None,
                acks=-1,
                timeout_ms=5_000,
                topic_data=[
                    topic(
                        version=8,
                        name=name,
                        partition_data=[topic.PartitionProduceData(version=8, index=0, records=_records(who))],
                    )
                    for name in self._topics
                ],
            )
        )
        return {each.name: each.partition_responses[0].error_code for each in answer.responses}

    def _create(self) -> Answers:
        answer = self._ask(
            lambda: CreateTopicsRequest(
                version=5,
                topics=[
                    CreateTopicsRequest.CreatableTopic(
                        version=5, name=name, num_partitions=1, replication_factor=-1, assignments=[], configs=[]
                    )
                    for name in self._topics
                ],
                timeout_ms=20_000,
                validate_only=False,
            )
        )
        return {each.name: each.error_code for each in answer.topics}

    def _alter(self) -> Answers:
        """More partitions and another configuration: both must be refused, or both done."""
        resource = IncrementalAlterConfigsRequest.AlterConfigsResource
        setting = resource.AlterableConfig
        configured = self._ask(
            lambda: IncrementalAlterConfigsRequest(
                version=1,
                resources=[
                    resource(
                        version=1,
                        resource_type=TOPIC_KIND,
                        resource_name=name,
                        configs=[setting(version=1, name="retention.ms", config_operation=SET, value="86400000")],
                    )
                    for name in self._topics
                ],
                validate_only=False,
            )
        )
        widened = self._ask(
            lambda: CreatePartitionsRequest(
                version=2,
                topics=[
                    CreatePartitionsRequest.CreatePartitionsTopic(version=2, name=name, count=2, assignments=None)
                    for name in self._topics
                ],
                timeout_ms=20_000,
                validate_only=False,
            )
        )
        of_settings = {each.resource_name: each.error_code for each in configured.responses}
        of_partitions = {each.name: each.error_code for each in widened.results}
        assert of_settings == of_partitions
        return of_partitions

    def _delete(self) -> Answers:
        answer = self._ask(lambda: DeleteTopicsRequest(version=4, topic_names=self._topics, timeout_ms=20_000))
        return {each.name: each.error_code for each in answer.responses}

    def _ask(self, request: Callable[[], Any]) -> Any:
        with self._connect(self.settings, self.settings.bootstrap[0]) as dialogue:
            return dialogue.ask(request())


def _join(group: str) -> Any:
    return JoinGroupRequest(
        version=5,
        group_id=group,
        session_timeout_ms=6_000,
        rebalance_timeout_ms=6_000,
        member_id="",
        group_instance_id=None,
        protocol_type="consumer",
        protocols=[JoinGroupRequest.JoinGroupRequestProtocol(version=5, name="range", metadata=b"")],
    )


def _records(value: bytes) -> bytes:
    builder = MemoryRecordsBuilder(2, 0, 1_000)
    builder.append(int(time.time() * 1000), b"key", value)
    builder.close()
    return bytes(builder.buffer())


def _values(records: bytes | None) -> list[str]:
    found = MemoryRecords(records or b"")
    values = []
    while found.has_next():
        values += [record.value.decode() for record in found.next_batch()]
    return values
