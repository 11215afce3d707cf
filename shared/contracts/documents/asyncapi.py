"""AsyncAPI 3.0 documents from the catalog: one for each service, one for all. Source: AsyncAPI Specification 3.0.0."""

from __future__ import annotations

from shared.contracts.catalog import SERVICES, TOPICS
from shared.contracts.documents.channels import channel, channel_id, channel_messages
from shared.contracts.documents.components import components
from shared.contracts.documents.schemas import JsonObject
from shared.contracts.envelope import STRUCTURED
from shared.contracts.flaws import FLAW_MEANINGS
from shared.contracts.reasons import REMEDIES
from shared.contracts.topics import Topic

DESCRIPTION = """Every event is one CloudEvents 1.0 JSON object in a Kafka value (structured mode); the only header,
`content-type: application/cloudevents+json`, may be left out. Binary mode is read too, and batch mode where a message
says so. Integers are written without a fraction. Within v1 only optional fields are added: ignore what you do not know.
Delivery is at least once: the same fact comes again under the same id. Why something was refused or could not be read:
`x-refusal-reasons`, `x-dead-letter-reasons`.
"""

_SUMMARIES = {
    "billing": "Requests, purchases and payments; the only one that talks to the payment processor.",
    "credit-ledger": "Accounts, lots, entries and balances of AI credits.",
    "notification": "In-app notices and emails about requests, purchases and credits.",
}


def service_document(service: str) -> JsonObject:
    """What `service` receives and sends. `service` is one of the catalog's SERVICES."""
    topics = [topic for topic in TOPICS if service in (*topic.producers, *topic.consumers)]
    operations: JsonObject = {}
    for topic in topics:
        if service in topic.consumers:
            operations[f"receive.{topic.name}"] = _operation(topic, service, "receive")
        if service in topic.producers:
            operations[f"send.{topic.name}"] = _operation(topic, service, "send")
    return _document(f"Refill: {service}", service, _SUMMARIES[service], topics, operations)


def whole_document() -> JsonObject:
    """All topics with everyone who sends and receives on them, upstream, products and the edge included."""
    operations: JsonObject = {}
    for topic in TOPICS:
        for producer in topic.producers:
            operations[f"{producer}.send.{topic.name}"] = _operation(topic, producer, "send")
        for consumer in topic.consumers:
            operations[f"{consumer}.receive.{topic.name}"] = _operation(topic, consumer, "receive")
    summary = "Sells AI-credit top-ups: billing, credit-ledger and notification workers that talk only over Kafka."
    return _document("Refill", "refill", summary, list(TOPICS), operations)


def documents() -> dict[str, JsonObject]:
    """Every document by its file's name, without the suffix."""
    return {"refill": whole_document(), **{service: service_document(service) for service in SERVICES}}


def _document(title: str, name: str, summary: str, topics: list[Topic], operations: JsonObject) -> JsonObject:
    return {
        "asyncapi": "3.0.0",
        "id": f"urn:refill:{name}",
        "info": {
            "title": title,
            "version": "1.0.0",
            "description": f"{summary}\n\n{DESCRIPTION}",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
            "tags": [{"name": "kafka"}, {"name": "cloudevents"}],
            "x-refusal-reasons": {str(reason): remedy for reason, remedy in REMEDIES.items()},
            "x-dead-letter-reasons": {str(flaw): meaning for flaw, meaning in FLAW_MEANINGS.items()},
        },
        "defaultContentType": STRUCTURED,
        "servers": {
            "kafka": {
                "host": "{bootstrap}",
                "protocol": "kafka-secure",
                "description": "`make up` writes the local broker's address and a product's password to `.refill/env`.",
                "security": [{"$ref": "#/components/securitySchemes/scram"}],
                "variables": {"bootstrap": {"description": "host:port of a broker", "default": "127.0.0.1:9092"}},
            }
        },
        "channels": {channel_id(topic): channel(topic) for topic in topics},
        "operations": operations,
        "components": {
            **components(topics),
            "securitySchemes": {
                "scram": {
                    "type": "scramSha512",
                    "description": "A user for each party; who sends to and receives from a channel is all it may do.",
                }
            },
        },
    }


def _operation(topic: Topic, who: str, action: str) -> JsonObject:
    reference = f"#/channels/{channel_id(topic)}"
    return {
        "action": action,
        "channel": {"$ref": reference},
        "summary": f"{who} {action}s: {topic.summary}",
        "tags": [{"name": who}],
        "messages": [{"$ref": f"{reference}/messages/{name}"} for name in channel_messages(topic)],
    }
