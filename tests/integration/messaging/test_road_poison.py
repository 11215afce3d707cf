"""What cannot be read goes whole to the dead letters, and its partition goes on."""

from __future__ import annotations

import hashlib
from base64 import b64decode

import orjson
import pytest

from shared.contracts.catalog import (
    DEAD_LETTERS,
    LEDGER_BALANCE,
    PRODUCT_USAGE,
    TOP_UP_COMMANDS,
    WORKSPACE_CONTACT,
    WORKSPACE_DIRECTORY,
)
from shared.contracts.credit_ledger import BalanceChanged
from shared.contracts.envelope import BATCH
from shared.contracts.topics import Topic
from tests.integration.messaging.builders import command, contact, usage, workspace
from tests.integration.messaging.road_service import BALANCES, COMMANDS, DIRECTORY, SERVICE, USAGE
from tests.integration.messaging.road_world import World, event

DEAD = DEAD_LETTERS[SERVICE]


def with_type(value: bytes, name: str) -> bytes:
    return orjson.dumps({**orjson.loads(value), "type": name})


GOOD = event(command("w1"))
POISON = {
    "bad bytes": (b"\xff\xfe\x00 no json", "not_json"),
    "cut json": (GOOD[:-5], "not_json"),
    "an array": (b"[]", "not_an_object"),
    "no id": (orjson.dumps({**orjson.loads(GOOD), "id": None}), "missing_attribute"),
    "unknown type": (with_type(GOOD, "billing.dance.v1"), "unknown_type"),
    "unknown version": (with_type(GOOD, "billing.cancel-request.v9"), "unknown_version"),
    "wrong data": (orjson.dumps({**orjson.loads(GOOD), "data": {"workspace_id": 7}}), "invalid_data"),
    "null": (None, "null_value"),
}


@pytest.mark.case(19)
def test_poison_of_every_kind_becomes_a_dead_letter_and_the_partition_goes_on(world: World) -> None:
    world.relay()
    world.lane(COMMANDS)
    for value, _ in POISON.values():
        world.send_raw(TOP_UP_COMMANDS, b"w1", value, (("trace", b"\x00\xff"),))
    world.send_raw(TOP_UP_COMMANDS, b"w2", GOOD)
    world.send(TOP_UP_COMMANDS, command("w1", 99))

    world.wait_for_notes(1)
    world.wait_for_offsets(TOP_UP_COMMANDS)
    world.wait_for_empty_outbox()

    letters = sorted(
        (event["data"] for event in world.events(DEAD)),
        key=lambda data: (data["source_partition"], data["source_offset"]),
    )
    by_reason = {(data["reason"], data.get("value_base64") and b64decode(data["value_base64"])) for data in letters}
    assert by_reason == {(reason, value) for value, reason in POISON.values()} | {("key_mismatch", GOOD)}
    assert all(data["source_topic"] == TOP_UP_COMMANDS.name for data in letters)
    headers = {
        header["value_base64"] for data in letters if data["reason"] != "key_mismatch" for header in data["headers"]
    }
    assert {b64decode(header) for header in headers} == {b"\x00\xff"}
    assert [entity for entity, _ in world.lines()] == ["w1"]


def test_in_batch_mode_a_bad_element_spoils_only_itself(world: World) -> None:
    world.relay()
    world.lane(USAGE)
    elements = [orjson.loads(event(usage("w1", name), name)) for name in ("a", "b", "c", "d")]
    elements[1]["data"]["credits"] = -5
    del elements[2]["id"]
    world.send_raw(PRODUCT_USAGE, b"w1", orjson.dumps(elements), (("content-type", BATCH.encode()),))

    world.wait_for_notes(2)
    world.wait_for_empty_outbox()

    assert world.notes("w1") == ["a", "d"]
    letters = [event["data"] for event in world.events(DEAD)]
    assert sorted((data["element"], data["reason"]) for data in letters) == [
        (1, "invalid_data"),
        (2, "missing_attribute"),
    ]
    bad = next(data for data in letters if data["element"] == 1)
    assert orjson.loads(b64decode(bad["value_base64"])) == elements[1]


def test_a_type_nobody_here_knows_is_ignored_on_a_topic_of_our_own(world: World) -> None:
    lane = world.lane(BALANCES)
    balance = BalanceChanged(
        workspace_id="w1", user_id="u1", version=1, quota_remaining=0, top_up_remaining=0, usable=0, top_up_paused=False
    )
    world.send_raw(LEDGER_BALANCE, b"w1/u1", with_type(event(balance), "credit-ledger.balance-guessed.v1"))
    world.send(LEDGER_BALANCE, balance)

    world.wait_for_offsets(LEDGER_BALANCE)

    assert world.notes() == ["BalanceChanged"]
    assert world.query("SELECT count(*) FROM outbox") == [(0,)]
    assert lane.target.figures["ignored"] == 1


def test_a_null_is_a_tombstone_where_the_topic_says_so(world: World) -> None:
    world.lane(DIRECTORY)
    world.send(WORKSPACE_DIRECTORY, workspace("w1"))
    world.send_raw(WORKSPACE_DIRECTORY, b"w1", None)

    world.wait_for_notes(2)

    assert world.notes("w1") == ["w1 v1", "Tombstone"]


@pytest.mark.case(23)
def test_of_a_contact_only_place_and_hash_become_known(world: World) -> None:
    world.relay()
    world.lane(DIRECTORY)
    broken = event(contact("u1")).replace(b'"version":1', b'"version":"ann@example.test"')
    world.send_raw(WORKSPACE_CONTACT, b"u1", broken, (("about", b"ann@example.test"),))
    world.wait_for_offsets(WORKSPACE_CONTACT)
    world.wait_for_empty_outbox()

    (letter,) = world.events(DEAD)

    assert letter["data"]["value_sha256"] == hashlib.sha256(broken).hexdigest()
    assert not {"value_base64", "key_base64"} & letter["data"].keys()
    assert letter["data"]["headers"] == []
    assert b"ann@" not in orjson.dumps(letter)


@pytest.mark.parametrize("topic", [TOP_UP_COMMANDS])
def test_the_largest_message_the_topic_takes_is_dead_lettered_whole(world: World, topic: Topic) -> None:
    world.relay()
    world.lane(COMMANDS)
    largest = b"x" * (topic.max_message_bytes - 2_000)
    world.send_raw(topic, b"w1", largest)
    world.wait_for_offsets(topic)
    world.wait_for_empty_outbox()

    (letter,) = world.events(DEAD)

    assert b64decode(letter["data"]["value_base64"]) == largest


@pytest.mark.case(19)
def test_what_would_burst_when_unpacked_is_refused_by_the_broker(world: World) -> None:
    from kafka import KafkaProducer
    from kafka.errors import MessageSizeTooLargeError

    from shared.messaging.kafka.connection import connection

    producer = KafkaProducer(
        **connection(world.settings, "foreign"), compression_type="gzip", max_request_size=50_000_000
    )
    topic = world.settings.prefix + TOP_UP_COMMANDS.name
    with pytest.raises(MessageSizeTooLargeError):
        producer.send(topic, b"0" * 20_000_000, b"w1").get(60)
    producer.close()


def test_a_compressed_message_is_read_like_any_other(world: World) -> None:
    from kafka import KafkaProducer

    from shared.messaging.kafka.connection import connection

    world.lane(COMMANDS)
    producer = KafkaProducer(**connection(world.settings, "foreign"), compression_type="gzip")
    producer.send(world.settings.prefix + TOP_UP_COMMANDS.name, GOOD, b"w1").get(60)
    producer.close()

    world.wait_for_notes(1)
