"""What the channels refer to: messages with their envelope, key and example, and the schemas of their data."""

from __future__ import annotations

import json

from shared.contracts.documents.channels import KAFKA_BINDING
from shared.contracts.documents.examples import EXAMPLES, enveloped
from shared.contracts.documents.schemas import Json, JsonObject, envelope_schema, shared_schemas
from shared.contracts.envelope import BATCH, MAX_ELEMENTS, STRUCTURED, write
from shared.contracts.message import Message
from shared.contracts.topics import Topic

_ENVELOPE = "CloudEvent"


def components(topics: list[Topic]) -> JsonObject:
    """Everything that these topics' channels need, and no more."""
    types = sorted({message for topic in topics for message in topic.messages}, key=lambda message: message.type)
    messages: JsonObject = {}
    for topic in topics:
        for message in topic.messages:
            messages[message.type] = _message(topic, message)
            if topic.batch_mode:
                messages[f"{message.type}.batch"] = _batch(topic, message)
        if topic.tombstones:
            messages[f"{topic.name}.tombstone"] = _tombstone(topic)
    schemas: JsonObject = {_ENVELOPE: envelope_schema()}
    schemas.update(shared_schemas(types))
    return {
        "messages": dict(sorted(messages.items())),
        "schemas": dict(sorted(schemas.items())),
        "messageTraits": {"cloudEvent": _trait(STRUCTURED), "cloudEventBatch": _trait(BATCH)},
    }


def _trait(content_type: str) -> JsonObject:
    return {
        "contentType": content_type,
        "headers": {
            "type": "object",
            "properties": {"content-type": {"const": content_type}},
            "description": "Structured mode is assumed without the header; a batch must name itself.",
        },
        "tags": [{"name": "cloudevents"}],
    }


def _message(topic: Topic, message: type[Message]) -> JsonObject:
    return {
        "name": message.type,
        "title": message.__name__,
        **_told(message),
        "contentType": STRUCTURED,
        "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}],
        "payload": _event(message),
        "bindings": _key(topic, EXAMPLES[message].key()),
        "examples": [{"name": message.__name__, "payload": _example(topic, message)}],
    }


def _batch(topic: Topic, message: type[Message]) -> JsonObject:
    return {
        "name": f"{message.type}.batch",
        "title": f"{message.__name__}, many in one message",
        "summary": f"Up to {MAX_ELEMENTS} events, all of one {topic.keyed_by}. A bad one spoils only itself.",
        "contentType": BATCH,
        "traits": [{"$ref": "#/components/messageTraits/cloudEventBatch"}],
        "payload": {"type": "array", "minItems": 1, "maxItems": MAX_ELEMENTS, "items": _event(message)},
        "bindings": _key(topic, EXAMPLES[message].key()),
        "examples": [{"name": f"{message.__name__}Batch", "payload": [_example(topic, message)]}],
    }


def _tombstone(topic: Topic) -> JsonObject:
    return {
        "name": f"{topic.name}.tombstone",
        "title": "Tombstone",
        "summary": f"A null value: what the key names ({topic.keyed_by}) is gone.",
        "payload": {"type": "null"},
        "bindings": _key(topic, EXAMPLES[topic.messages[0]].key()),
    }


def _event(message: type[Message]) -> JsonObject:
    return {
        "allOf": [
            {"$ref": f"#/components/schemas/{_ENVELOPE}"},
            {
                "type": "object",
                "properties": {
                    "type": {"const": message.type},
                    "data": {"$ref": f"#/components/schemas/{message.__name__}"},
                },
            },
        ]
    }


def _told(message: type[Message]) -> JsonObject:
    """The class's docstring: its first paragraph in one line, and the whole."""
    told = (message.__doc__ or "").strip()
    lines = [line.strip() for line in told.splitlines()]
    return {"summary": " ".join(told.split("\n\n")[0].split()), "description": "\n".join(lines)}


def _key(topic: Topic, example: str) -> JsonObject:
    key: dict[str, Json] = {"type": "string", "description": topic.keyed_by, "examples": [example]}
    return {"kafka": {"key": key, "bindingVersion": KAFKA_BINDING}}


def _example(topic: Topic, message: type[Message]) -> Json:
    event: Json = json.loads(write(enveloped(EXAMPLES[message], source=f"/refill/{topic.producers[0]}")))
    return event
