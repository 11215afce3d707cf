"""JSON Schemas of the messages (draft 2020-12), as consumers read them: unknown fields are allowed."""

from __future__ import annotations

from pydantic.json_schema import models_json_schema

from shared.contracts.catalog import TOPICS
from shared.contracts.envelope import MAX_ATTRIBUTE_BYTES
from shared.contracts.message import Message

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
JsonObject = dict[str, Json]

DIALECT = "https://json-schema.org/draft/2020-12/schema"

# Every message of the catalog once, by its type name.
MESSAGES: dict[str, type[Message]] = {
    message.type: message
    for message in sorted({message for topic in TOPICS for message in topic.messages}, key=lambda each: each.type)
}


def schema_of(message: type[Message]) -> JsonObject:
    """The schema of an event's `data`, complete in itself."""
    schema = _tidy(message.model_json_schema(mode="validation"))
    return {"$schema": DIALECT, "$id": f"urn:refill:schema:{message.type}", **schema}


def shared_schemas(messages: list[type[Message]]) -> dict[str, JsonObject]:
    """The schemas of many messages and their parts by class name, referring to each other in an AsyncAPI document."""
    _, document = models_json_schema(
        [(message, "validation") for message in messages], ref_template="#/components/schemas/{model}"
    )
    return {name: _tidy(schema) for name, schema in document.get("$defs", {}).items()}


def _attribute(description: str, **more: Json) -> JsonObject:
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_ATTRIBUTE_BYTES,
        "description": description,
        **more,
    }


def envelope_schema() -> JsonObject:
    """CloudEvents 1.0 in structured mode with the extensions used here; `data` is the message."""
    properties: JsonObject = {
        "specversion": {"const": "1.0"},
        "id": _attribute("Unique within `source`; the same fact has the same id, however often it is sent."),
        "source": _attribute("Who says so, a URI reference.", format="uri-reference"),
        "type": _attribute("The name of the message with its version."),
        "subject": _attribute("What it is about: the Kafka key."),
        "time": {"type": "string", "format": "date-time", "description": "The producer's claim; information only."},
        "datacontenttype": {"type": "string", "description": "JSON; assumed when absent."},
        "correlationid": _attribute("The id of the command at the beginning; an answer carries its command's."),
        "causationid": _attribute("The id of the event that caused this one."),
        "traceparent": _attribute("W3C Trace Context."),
        "data": {"type": "object", "description": "The message, by `type`."},
    }
    return {
        "title": "CloudEvent",
        "description": "The envelope of every event. Attributes are printable and at most 512 bytes in UTF-8.",
        "type": "object",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": properties,
    }


def _tidy(schema: JsonObject) -> JsonObject:
    """Without what pydantic says for itself: that unknown fields are forbidden (to producers; consumers ignore them),
    and a property's title, which repeats its name."""
    tidied = _visit(schema)
    assert isinstance(tidied, dict)
    return tidied


def _visit(node: Json, *, is_property: bool = False) -> Json:
    if isinstance(node, list):
        return [_visit(item) for item in node]
    if not isinstance(node, dict):
        return node
    kept: JsonObject = {}
    for name, value in node.items():
        if name == "properties" and isinstance(value, dict):
            kept[name] = {field: _visit(inner, is_property=True) for field, inner in value.items()}
        elif not (name == "additionalProperties" and value is False) and not (name == "title" and is_property):
            kept[name] = _visit(value)
    return kept
