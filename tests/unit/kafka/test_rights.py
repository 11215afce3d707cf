"""Rights follow from the catalog; what lies outside of them is told apart by whose it is."""

from __future__ import annotations

import pytest

from deploy.kafka.rights import SUPER_USER, reaching_in, rules, too_much
from shared.contracts.catalog import PARTIES, TOPICS
from shared.messaging.access_rule import AccessRule


def test_each_topic_is_written_by_its_producers_and_read_by_its_consumers() -> None:
    for topic in TOPICS:
        of_topic = {(rule.principal, rule.operation) for rule in rules() if rule.name == topic.name}
        assert of_topic == {
            *((f"User:{party}", "WRITE") for party in topic.producers),
            *((f"User:{party}", "READ") for party in topic.consumers),
        }


def test_nothing_but_reading_and_writing_by_name_is_allowed_to_anybody() -> None:
    assert {(rule.operation, rule.kind, rule.pattern) for rule in rules()} == {
        ("READ", "TOPIC", "LITERAL"),
        ("WRITE", "TOPIC", "LITERAL"),
        ("READ", "GROUP", "PREFIXED"),
    }
    assert {rule.principal for rule in rules()} == {f"User:{party}" for party in PARTIES}
    assert SUPER_USER not in PARTIES


def test_no_partys_groups_are_within_anothers() -> None:
    families = [rule.name for rule in rules() if rule.kind == "GROUP"]
    assert not [(one, other) for one in families for other in families if one != other and one.startswith(other)]


def test_a_prefix_stands_before_every_name() -> None:
    assert {rule.name for rule in rules("mine.")} == {f"mine.{rule.name}" for rule in rules()}


@pytest.mark.parametrize(
    "rule",
    [
        AccessRule("User:products", "READ", "TOPIC", "workspace.contact.v1"),
        AccessRule("User:guest", "READ", "TOPIC", "billing.top-up.v1"),
        AccessRule("User:edge", "READ", "TOPIC", "*"),
        AccessRule("User:edge", "READ", "TOPIC", "somebody.elses"),
        AccessRule("User:billing", "CREATE", "CLUSTER", "kafka-cluster"),
        AccessRule("User:guest", "READ", "GROUP", "billing.commands"),
        AccessRule("User:edge", "READ", "TOPIC", "billing.top-up.v1", permission="DENY"),
    ],
    ids=str,
)
def test_on_a_cluster_that_others_use_what_is_ours_must_be_as_the_catalog_says(rule: AccessRule) -> None:
    assert too_much({*rules(), rule}, "") == {rule}


@pytest.mark.parametrize(
    "rule",
    [
        AccessRule("User:guest", "READ", "TOPIC", "orders"),
        AccessRule("User:guest", "READ", "GROUP", "orders.reader"),
        AccessRule("User:monitoring", "DESCRIBE", "CLUSTER", "kafka-cluster"),
    ],
    ids=str,
)
def test_what_others_may_elsewhere_is_their_affair(rule: AccessRule) -> None:
    assert too_much({*rules(), rule}, "") == set()
    assert reaching_in({*rules(), rule}, "") == set()


@pytest.mark.parametrize(
    ("rule", "prefix"),
    [
        (AccessRule("User:monitoring", "READ", "TOPIC", "*"), ""),
        (AccessRule("User:monitoring", "READ", "TOPIC", "billing.", "PREFIXED"), ""),
        (AccessRule("User:monitoring", "READ", "GROUP", "bill", "PREFIXED"), ""),
        (AccessRule("User:monitoring", "READ", "TOPIC", "mi", "PREFIXED"), "mine."),
    ],
    ids=str,
)
def test_a_wider_pattern_of_others_that_covers_ours_is_named_but_not_removed(rule: AccessRule, prefix: str) -> None:
    assert too_much({*rules(prefix), rule}, prefix) == set()
    assert reaching_in({*rules(prefix), rule}, prefix) == {rule}


def test_under_a_prefix_of_its_own_everything_is_ours() -> None:
    guest = AccessRule("User:guest", "READ", "TOPIC", "mine.anything")
    assert too_much({*rules("mine."), *rules("other."), guest}, "mine.") == {guest}
