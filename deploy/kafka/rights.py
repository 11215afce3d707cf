"""Who may do what at Kafka: computed from the catalog, nothing stated twice.

A party may write the topics it is a producer of and read those it is a consumer of. Whoever reads may do so in groups
whose names begin with its own. Kafka counts DESCRIBE in with READ and WRITE; an idempotent producer needs no more than
WRITE. Nobody may create, alter or delete anything: that is the super user's, and only the jobs are the super user.
"""

from __future__ import annotations

from collections.abc import Iterable

from shared.contracts.catalog import PARTIES, TOPICS
from shared.messaging.access_rule import AccessRule

SUPER_USER = "admin"
KINDS_WITH_NAMES = ("TOPIC", "GROUP")


def principal(party: str) -> str:
    """The party as Kafka names it once it has proved its name."""
    return f"User:{party}"


def group_family(party: str) -> str:
    """What the names of a party's consumer groups begin with."""
    return f"{party}."


def rules(prefix: str = "") -> set[AccessRule]:
    """Everything that is allowed to anybody under a topic prefix."""
    writing = {
        AccessRule(principal(party), "WRITE", "TOPIC", prefix + topic.name)
        for topic in TOPICS
        for party in topic.producers
    }
    reading = {
        AccessRule(principal(party), "READ", "TOPIC", prefix + topic.name)
        for topic in TOPICS
        for party in topic.consumers
    }
    readers = {party for topic in TOPICS for party in topic.consumers}
    joining = {
        AccessRule(principal(party), "READ", "GROUP", prefix + group_family(party), "PREFIXED") for party in readers
    }
    return writing | reading | joining


def too_much(found: Iterable[AccessRule], prefix: str) -> set[AccessRule]:
    """Of the rules of a cluster, those that must go: on what is ours, or for our parties, and not in `rules`.

    Under a prefix of its own everything is ours. Without one the cluster may hold others' topics too: ours are then
    the catalog's and our groups, and whatever a rule allows our parties beyond them.
    """
    return {rule for rule in found if _is_ours(rule, prefix)} - rules(prefix)


def reaching_in(found: Iterable[AccessRule], prefix: str) -> set[AccessRule]:
    """Rules for others that reach over what is ours by a wider pattern. They may be others' own: named, not removed."""
    return {rule for rule in found if not _is_ours(rule, prefix) and _covers_ours(rule, prefix)}


def _is_ours(rule: AccessRule, prefix: str) -> bool:
    if rule.kind not in KINDS_WITH_NAMES:
        return not prefix and _is_of_a_party(rule)
    if prefix:
        return rule.name.startswith(prefix)
    return _is_of_a_party(rule) or _is_named_by_us(rule)


def _is_named_by_us(rule: AccessRule) -> bool:
    if rule.kind == "TOPIC":
        return any(rule.name == topic.name for topic in TOPICS)
    return any(rule.name.startswith(group_family(party)) for party in PARTIES)


def _is_of_a_party(rule: AccessRule) -> bool:
    return rule.principal in {principal(party) for party in PARTIES}


def _covers_ours(rule: AccessRule, prefix: str) -> bool:
    if rule.kind not in KINDS_WITH_NAMES:
        return False
    if rule.pattern == "LITERAL":
        return rule.name == "*"
    ours = {f"{prefix}{topic.name}" for topic in TOPICS}
    if rule.kind == "GROUP":
        ours = {f"{prefix}{group_family(party)}" for party in PARTIES}
    return any(name.startswith(rule.name) for name in ours)
