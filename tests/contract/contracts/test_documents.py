"""The generated documents: fresh, valid by the official schema, complete."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from deploy.documents import ROOT, expected, not_additive, stale, write
from shared.contracts.catalog import SERVICES, TOPICS
from shared.contracts.documents.asyncapi import documents, whole_document
from shared.contracts.documents.examples import EXAMPLES, enveloped
from shared.contracts.documents.schemas import MESSAGES, JsonObject, envelope_schema, schema_of
from shared.contracts.envelope import write as write_event
from shared.contracts.flaws import FLAW_MEANINGS, Flaw
from shared.contracts.message import Message
from shared.contracts.reasons import REMEDIES, Reason
from tests.unit.contracts.events import usage

OFFICIAL = Path(__file__).with_name("asyncapi-3.0.0.json")


@pytest.fixture(scope="module")
def official() -> Draft7Validator:
    return Draft7Validator(json.loads(OFFICIAL.read_text()))


def test_no_document_is_stale() -> None:
    assert stale() == []


def test_every_change_to_a_v1_message_is_additive() -> None:
    assert not_additive() == []


@pytest.mark.parametrize("name", ["refill", *SERVICES])
def test_a_document_is_valid_asyncapi_3(name: str, official: Draft7Validator) -> None:
    committed = json.loads((ROOT / "docs" / "asyncapi" / f"{name}.json").read_text())
    assert [error.message for error in official.iter_errors(committed)] == []


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("asyncapi",), "2.6.0"),
        (("operations", "billing.send.billing.top-up.v1", "action"), "publish"),
        (("channels", "product.usage.v1", "bindings", "kafka", "partitions"), 0),
        (("channels", "product.usage.v1", "unknown"), True),
    ],
)
def test_the_official_schema_would_notice(path: tuple[str, ...], wrong: object, official: Draft7Validator) -> None:
    document: Any = deepcopy(whole_document())
    node = document
    for name in path[:-1]:
        node = node[name]
    node[path[-1]] = wrong
    assert not official.is_valid(document)


@pytest.mark.parametrize("name", ["refill", *SERVICES])
def test_every_reference_in_a_document_leads_somewhere(name: str) -> None:
    document = documents()[name]

    def follow(node: object) -> None:
        if isinstance(node, dict):
            if isinstance(reference := node.get("$ref"), str):
                target: Any = document
                for part in reference.removeprefix("#/").split("/"):
                    target = target[part]
            for inner in node.values():
                follow(inner)
        elif isinstance(node, list):
            for inner in node:
                follow(inner)

    follow(document)


def test_the_whole_document_holds_every_topic_and_message_of_the_catalog() -> None:
    document: Any = whole_document()
    assert set(document["channels"]) == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        channel = document["channels"][topic.name]
        assert set(channel["messages"]) >= {message.type for message in topic.messages}
        assert channel["bindings"]["kafka"]["partitions"] == topic.partitions


@pytest.mark.parametrize("service", SERVICES)
def test_a_services_document_says_what_it_sends_and_receives(service: str) -> None:
    document: Any = documents()[service]
    operations = {(o["action"], o["channel"]["$ref"].rpartition("/")[2]) for o in document["operations"].values()}
    sends = {("send", topic.name) for topic in TOPICS if service in topic.producers}
    receives = {("receive", topic.name) for topic in TOPICS if service in topic.consumers}
    assert operations == sends | receives


@pytest.mark.parametrize("message", MESSAGES.values(), ids=MESSAGES)
def test_an_example_satisfies_its_schema_and_the_envelopes(message: type[Message]) -> None:
    schema = schema_of(message)
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(EXAMPLES[message].wire())
    Draft202012Validator(envelope_schema()).validate(json.loads(write_event(enveloped(EXAMPLES[message], "/test"))))


@pytest.mark.parametrize("changes", [{"data__credits": None}, {"data__action": "chat", "data__quantity": 1}])
def test_the_schema_of_usage_asks_for_one_measure(changes: dict[str, object]) -> None:
    schema = Draft202012Validator(schema_of(MESSAGES["product.usage-reported.v1"]))
    assert schema.is_valid(usage()["data"])
    assert not schema.is_valid(usage(**changes)["data"])


def test_consumers_ignore_unknown_fields_so_no_schema_forbids_them() -> None:
    assert [
        name for name, message in MESSAGES.items() if "additionalProperties" in json.dumps(schema_of(message))
    ] == []


def test_every_reason_and_flaw_stands_on_the_page() -> None:
    assert set(REMEDIES) == set(Reason)
    assert set(FLAW_MEANINGS) == set(Flaw)
    page = (ROOT / "docs" / "reasons.md").read_text()
    assert [code for code in (*Reason, *Flaw) if f"| `{code}` |" not in page] == []


def test_a_missing_a_changed_and_a_left_over_file_are_named(tmp_path: Path) -> None:
    assert write(tmp_path) == []
    assert stale(tmp_path) == []
    schemas = tmp_path / "shared" / "contracts" / "schemas"
    (tmp_path / "docs" / "reasons.md").write_text("old")
    (schemas / "envelope.json").unlink()
    (schemas / "product.usage-dreamt.v1.json").write_text("{}")
    assert {line.rpartition(": ")[2] for line in stale(tmp_path)} == {
        "stale",
        "missing",
        "belongs to nothing in the catalog",
    }


def test_writing_refuses_to_bury_a_broken_promise(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "shared" / "contracts" / "schemas" / "product.usage-reported.v1.json"
    promised: JsonObject = json.loads(path.read_text())
    assert isinstance(promised["properties"], dict)
    promised["properties"]["colour"] = {"type": "string"}
    path.write_text(json.dumps(promised))
    assert write(tmp_path) == ["product.usage-reported.v1: colour: the field is gone"]
    assert "colour" in path.read_text()


def test_the_generator_knows_every_committed_file() -> None:
    assert all((ROOT / path).exists() for path in expected())
