"""The catalog is complete: every message has one topic, every consumer reacts, every reaction is declared."""

from __future__ import annotations

import importlib
import pkgutil
from collections import Counter

import pytest

import shared.contracts
from shared.contracts.catalog import BY_NAME, DEAD_LETTERS, PARTIES, SERVICES, TOPICS
from shared.contracts.message import Message
from shared.contracts.reasons import REMEDIES, Reason
from shared.messaging.work import Lane


def _all_messages() -> set[type[Message]]:
    for module in pkgutil.iter_modules(shared.contracts.__path__, "shared.contracts."):
        importlib.import_module(module.name)
    found: set[type[Message]] = set()
    open_ends = [Message]
    while open_ends:
        for subclass in open_ends.pop().__subclasses__():
            open_ends.append(subclass)
            if "type" in vars(subclass) and subclass.__module__.startswith("shared.contracts"):
                found.add(subclass)
    return found


def _lanes(service: str) -> tuple[Lane[object], ...]:
    module = importlib.import_module(f"services.{service.replace('-', '_')}.handlers")
    lanes: tuple[Lane[object], ...] = module.LANES
    return lanes


def test_every_message_has_exactly_one_topic() -> None:
    used = Counter(message for topic in TOPICS for message in topic.messages if topic not in DEAD_LETTERS.values())
    assert set(used) == _all_messages() - set(DEAD_LETTERS["billing"].messages)
    assert set(used.values()) == {1}


def test_type_names_are_unique_and_versioned() -> None:
    names = [message.type for message in _all_messages()]
    assert len(names) == len(set(names))
    assert all(name.rpartition(".v")[2].isdigit() for name in names)


def test_topic_names_join_words_with_hyphens() -> None:
    assert all("_" not in topic.name and topic.name == topic.name.lower() for topic in TOPICS)


def test_partition_counts_are_equal() -> None:
    assert len({topic.partitions for topic in TOPICS}) == 1


def test_a_dead_letter_topic_takes_larger_messages_than_any_source() -> None:
    largest_source = max(topic.max_message_bytes for topic in TOPICS if topic not in DEAD_LETTERS.values())
    assert all(topic.max_message_bytes >= 2 * largest_source for topic in DEAD_LETTERS.values())


def test_a_deletion_stays_readable_as_long_as_a_backup_may_be_restored() -> None:
    ninety_days_ms = str(90 * 24 * 3_600_000)
    told = {topic.name: topic.broker_settings().get("delete.retention.ms") for topic in TOPICS}
    assert {name for name, kept in told.items() if kept is not None} == {
        each.name for each in TOPICS if each.tombstones
    }
    assert told["workspace.directory.v1"] == told["workspace.contact.v1"] == ninety_days_ms
    assert BY_NAME["billing.top-up.v1"].broker_settings()["retention.ms"] == ninety_days_ms


def test_whoever_writes_or_reads_is_a_party_of_the_catalog() -> None:
    named = {party for topic in TOPICS for party in (*topic.producers, *topic.consumers)}
    assert named == set(PARTIES)
    # Figures alone come from several: each worker's under a key of its own.
    assert [topic.name for topic in TOPICS if len(topic.producers) != 1] == ["ops.metrics.v1"]


def test_only_notification_reads_personal_data() -> None:
    assert BY_NAME["workspace.contact.v1"].consumers == ("notification",)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_reacts_on_each_topic_it_is_said_to_consume_and_on_no_other(service: str) -> None:
    declared = {topic.name for topic in TOPICS if service in topic.consumers}
    reacted = {reaction.topic.name for lane in _lanes(service) for reaction in lane.reactions}
    assert reacted == declared


@pytest.mark.parametrize("service", SERVICES)
def test_every_message_on_an_inbound_topic_has_a_reaction_at_its_consumer(service: str) -> None:
    reacted = {reaction.message for lane in _lanes(service) for reaction in lane.reactions}
    for topic in TOPICS:
        if topic.inbound and service in topic.consumers:
            assert set(topic.messages) <= reacted, topic.name


def test_every_reason_says_what_to_do() -> None:
    assert set(REMEDIES) == set(Reason)
