"""The channels of the AsyncAPI documents: one for each topic, with what Kafka must know of it."""

from __future__ import annotations

from shared.contracts.documents.schemas import Json, JsonObject
from shared.contracts.topics import Topic

KAFKA_BINDING = "0.5.0"


def channel_id(topic: Topic) -> str:
    """The topic's name: it holds only letters, digits, dots and hyphens, as a key of a document must."""
    return topic.name


def channel_messages(topic: Topic) -> list[str]:
    """The ids of what goes over the topic: message types, batches of them where taken, and the tombstone."""
    types = [message.type for message in topic.messages]
    batches = [f"{name}.batch" for name in types] if topic.batch_mode else []
    return types + batches + ([f"{topic.name}.tombstone"] if topic.tombstones else [])


def channel(topic: Topic) -> JsonObject:
    """The channel, its messages by reference."""
    return {
        "address": topic.name,
        "title": topic.name,
        "summary": topic.summary,
        "description": _description(topic),
        "servers": [{"$ref": "#/servers/kafka"}],
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in channel_messages(topic)},
        "tags": [{"name": f"owner:{topic.owner}"}, {"name": "inbound" if topic.inbound else "outbound"}],
        "bindings": {"kafka": _kafka(topic)},
    }


def _description(topic: Topic) -> str:
    sentences = [f"Key: {topic.keyed_by}" + (" (may be left out)." if topic.key_rule == "optional" else ".")]
    sentences.append(f"Written by {', '.join(topic.producers)}; read by {', '.join(topic.consumers)}.")
    if topic.inbound:
        sentences.append("The broker's append time is the clock of decisions.")
    if topic.cleanup == "compact":
        sentences.append("Compacted: the latest value of each key is kept.")
    return " ".join(sentences)


def _kafka(topic: Topic) -> JsonObject:
    settings: dict[str, Json] = {
        "cleanup.policy": [topic.cleanup],
        "max.message.bytes": topic.max_message_bytes,
    }
    if topic.cleanup == "delete":
        settings["retention.ms"] = topic.retention_hours * 3_600_000
    return {
        "topic": topic.name,
        "partitions": topic.partitions,
        "topicConfiguration": settings,
        "bindingVersion": KAFKA_BINDING,
        "x-broker-settings": dict(topic.broker_settings()),
    }
