"""What cannot be read goes whole to the dead letters of every service that reads the topic; the partition goes on."""

from __future__ import annotations

import random
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import pytest
from kafka.errors import InvalidRecordError, MessageSizeTooLargeError

from shared.contracts import catalog
from shared.contracts.dead_letter import DeadLettered
from shared.contracts.flaws import Flaw
from shared.contracts.message import Message
from shared.contracts.top_up_events import TopUpQuoted
from shared.contracts.topics import Topic
from tests.e2e.town import (
    Event,
    Headers,
    Household,
    Town,
    contact,
    event_of,
    line,
    member,
    purchase_command,
    quote_command,
    readers,
    usage_event,
)

# The strangers belong to the tests of forged actors: what they wait for can come while these here run.
pytestmark = [pytest.mark.case(19), pytest.mark.usefixtures("strangers")]

TOO_LARGE_BYTES = 2 * 1_048_576
NEARLY_TOO_LARGE_BYTES = 1_048_576 - 512  # the record's own frame counts as well
STRUCTURED: Headers = (("content-type", b"application/cloudevents+json"),)


@dataclass(frozen=True)
class Sent:
    """What goes to the broker."""

    value: bytes | None
    key: bytes | None
    headers: Headers = ()


Spoil = Callable[[Event, bytes], Sent]


def _whole(event: Event, key: bytes) -> Sent:
    return Sent(line(event), key)


def _without(name: str) -> Spoil:
    return lambda event, key: _whole({other: event[other] for other in event if other != name}, key)


def _with(**changes: object) -> Spoil:
    return lambda event, key: _whole({**event, **changes}, key)


def _with_data(**changes: object) -> Spoil:
    return lambda event, key: _whole({**event, "data": {**event["data"], **changes}}, key)


UNREADABLE: dict[str, tuple[Flaw, Spoil]] = {
    "broken JSON": (Flaw.NOT_JSON, lambda event, key: Sent(line(event)[:-9], key)),
    "bytes that are no text": (Flaw.NOT_JSON, lambda event, key: Sent(b"\x00\xff\xfe" + line(event), key)),
    "no bytes at all": (Flaw.NOT_JSON, lambda event, key: Sent(b"", key)),
    "a list": (Flaw.NOT_AN_OBJECT, lambda event, key: Sent(line([event]), key)),
    "a number": (Flaw.NOT_AN_OBJECT, lambda event, key: Sent(b"42", key)),
    "another format": (
        Flaw.UNSUPPORTED_CONTENT_TYPE,
        lambda event, key: Sent(line(event), key, (("content-type", b"application/avro"),)),
    ),
    "no id": (Flaw.MISSING_ATTRIBUTE, _without("id")),
    "no source": (Flaw.MISSING_ATTRIBUTE, _without("source")),
    "no type": (Flaw.MISSING_ATTRIBUTE, _without("type")),
    "no specversion": (Flaw.MISSING_ATTRIBUTE, _without("specversion")),
    "no data": (Flaw.MISSING_ATTRIBUTE, _without("data")),
    "another specversion": (Flaw.UNSUPPORTED_SPECVERSION, _with(specversion="0.3")),
    "an id that is a number": (Flaw.INVALID_ATTRIBUTE, _with(id=17)),
    "a time that is none": (Flaw.INVALID_ATTRIBUTE, _with(time="yesterday")),
    "an unknown type": (Flaw.UNKNOWN_TYPE, _with(type="kitchen.coffee-drunk.v1")),
    "data that is a text": (Flaw.INVALID_DATA, _with(data="credits")),
    "a workspace id that is a number": (Flaw.INVALID_DATA, _with_data(workspace_id=4)),
    "a key that disagrees with the body": (Flaw.KEY_MISMATCH, lambda event, _: Sent(line(event), b"somebody-else")),
}

AMOUNTS: dict[str, object] = {
    "negative": -5,
    "zero": 0,
    "huge": 10**18,
    "beyond 64 bits": 10**30,
    "a fraction": 0.5,
    "a text": "25",
    "true": True,
    "nothing": None,
}


def _set_aside(town: Town, topic: Topic, sent: Sent, flaw: Flaw, partition: int = 0) -> None:
    """Send it; every service that reads the topic keeps the very bytes, and says why."""
    place, offset = town.send_raw(topic, sent.value, key=sent.key, headers=sent.headers, partition=partition)
    for letter in town.dead_letters(place, offset, readers(topic)):
        assert letter.reason is flaw, letter.detail
        assert _original(letter) == (sent.value, sent.key)
        assert [(header.name, b64decode(header.value_base64 or "")) for header in letter.headers] == list(sent.headers)


def _original(letter: DeadLettered) -> tuple[bytes | None, bytes | None]:
    value, key = letter.value_base64, letter.key_base64
    return None if value is None else b64decode(value), None if key is None else b64decode(key)


def _usage_goes_on(town: Town, home: Household, burned: int = 7, partition: int = 0) -> None:
    town.send_raw(catalog.PRODUCT_USAGE, line(usage_event(home)), key=home.name.encode(), partition=partition)
    town.burned(home, burned)


def _commands_go_on(town: Town, home: Household) -> None:
    event = event_of(quote_command(home))
    town.send_raw(catalog.TOP_UP_COMMANDS, line({**event, "correlationid": event["id"]}), key=home.name.encode())
    assert town.witness.answer(event["id"], TopUpQuoted, timeout_s=60)


@pytest.fixture(scope="module")
def home(town: Town) -> Household:
    """For those tests whose messages have no effect."""
    return town.household()


@pytest.mark.parametrize("what", UNREADABLE)
def test_usage_that_cannot_be_read_is_dead_lettered_whole_and_the_partition_goes_on(town: Town, what: str) -> None:
    home = town.household()
    flaw, spoil = UNREADABLE[what]

    _set_aside(town, catalog.PRODUCT_USAGE, spoil(usage_event(home), home.name.encode()), flaw)

    _usage_goes_on(town, home)


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_command_that_cannot_be_read_is_dead_lettered_whole_and_the_partition_goes_on(
    town: Town, home: Household, what: str
) -> None:
    flaw, spoil = UNREADABLE[what]

    _set_aside(town, catalog.TOP_UP_COMMANDS, spoil(event_of(quote_command(home)), home.name.encode()), flaw)

    _commands_go_on(town, home)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_usage_of_a_senseless_amount_is_dead_lettered_and_nothing_is_burned(town: Town, amount: str) -> None:
    home = town.household()
    event = usage_event(home)
    event["data"]["credits"] = AMOUNTS[amount]

    _set_aside(town, catalog.PRODUCT_USAGE, Sent(line(event), home.name.encode()), Flaw.INVALID_DATA)

    _usage_goes_on(town, home)


@pytest.mark.parametrize("amount", AMOUNTS)
def test_a_purchase_of_a_senseless_amount_is_dead_lettered_and_nothing_is_charged(
    town: Town, home: Household, amount: str
) -> None:
    command = purchase_command(home, town.quote(home))
    event = event_of(command)
    event["data"]["quote"]["total_minor"] = AMOUNTS[amount]

    _set_aside(town, catalog.TOP_UP_COMMANDS, Sent(line(event), home.name.encode()), Flaw.INVALID_DATA)

    _commands_go_on(town, home)
    assert town.journal.charges_of(command.purchase_id) == []


@pytest.mark.parametrize("topic", [catalog.PRODUCT_USAGE, catalog.TOP_UP_COMMANDS], ids=lambda topic: topic.name)
def test_a_null_where_null_means_nothing_is_dead_lettered_and_the_partition_goes_on(
    town: Town, home: Household, topic: Topic
) -> None:
    _set_aside(town, topic, Sent(None, home.name.encode()), Flaw.NULL_VALUE)

    _commands_go_on(town, home)
    _usage_goes_on(town, town.household())


@pytest.mark.parametrize(
    ("topic", "message_type"),
    [(catalog.PRODUCT_USAGE, "product.usage-reported.v2"), (catalog.TOP_UP_COMMANDS, "billing.quote-top-up.v9")],
    ids=["usage", "a command"],
)
def test_an_unknown_version_is_dead_lettered_with_the_versions_that_are_known(
    town: Town, home: Household, topic: Topic, message_type: str
) -> None:
    event = {**event_of(quote_command(home)), "type": message_type}

    place, offset = town.send_raw(topic, line(event), key=home.name.encode(), headers=STRUCTURED)

    (letter,) = town.dead_letters(place, offset, readers(topic))
    assert letter.reason is Flaw.UNKNOWN_VERSION
    assert message_type[:-1] + "1" in letter.detail
    _commands_go_on(town, home)


def test_two_megabytes_are_refused_to_their_producer_and_the_partition_goes_on(town: Town) -> None:
    home = town.household()

    _refused_by_broker(town, catalog.PRODUCT_USAGE, b"x" * TOO_LARGE_BYTES, MessageSizeTooLargeError)

    _usage_goes_on(town, home)


def test_a_megabyte_of_junk_is_dead_lettered_whole_and_the_partition_goes_on(town: Town) -> None:
    home = town.household()
    junk = random.Random(19).randbytes(NEARLY_TOO_LARGE_BYTES)

    _set_aside(town, catalog.PRODUCT_USAGE, Sent(junk, None), Flaw.NOT_JSON)

    _usage_goes_on(town, home)


def test_a_directory_message_that_cannot_be_read_is_set_aside_by_all_three_services_and_the_next_one_counts(
    town: Town,
) -> None:
    home = town.household()
    spoiled = event_of(member(home, "newcomer", "editor"))
    spoiled["data"]["role"] = "emperor"

    _set_aside(
        town, catalog.WORKSPACE_DIRECTORY, Sent(line(spoiled), f"{home.name}/newcomer".encode()), Flaw.INVALID_DATA
    )

    _directory_goes_on(town, home, "newcomer")


def test_a_directory_message_without_its_key_is_refused_to_its_producer_and_the_partition_goes_on(town: Town) -> None:
    """Compaction could not keep it, so the broker does not take it."""
    home = town.household()

    _refused_by_broker(
        town, catalog.WORKSPACE_DIRECTORY, line(event_of(member(home, "keyless", "editor"))), InvalidRecordError
    )

    _directory_goes_on(town, home, "keyless")


def _refused_by_broker(town: Town, topic: Topic, value: bytes, error: type[Exception]) -> None:
    producer = town.foreign_producer(topic)  # a refusal spoils an idempotent producer for all that comes after
    with pytest.raises(error):
        producer.send(town.world.topic_prefix + topic.name, value=value, partition=0).get(timeout=30)
    producer.close()


def _directory_goes_on(town: Town, home: Household, user: str) -> None:
    good: Message = member(home, user, "editor", version=2)
    place, offset = town.send_raw(catalog.WORKSPACE_DIRECTORY, line(event_of(good)), key=good.key().encode())
    town.consumed(place, offset, readers(catalog.WORKSPACE_DIRECTORY))
    assert isinstance(town.ask(quote_command(home, user)), TopUpQuoted)


@pytest.mark.case(23)
def test_a_contact_that_cannot_be_read_is_set_aside_by_place_and_hash_without_the_personal_data(town: Town) -> None:
    home = town.household()
    spoiled = event_of(contact(home, "editor"))
    spoiled["data"]["email"] = "a@b.test, evil@c.test"
    value = line(spoiled)

    place, offset = town.send_raw(catalog.WORKSPACE_CONTACT, value, key=home.person("editor").encode())

    (letter,) = town.dead_letters(place, offset, ["notification"])
    assert letter.reason is Flaw.INVALID_DATA
    assert _original(letter) == (None, None)
    assert letter.value_sha256 == sha256(value).hexdigest()
    assert "evil" not in letter.model_dump_json()
    good = contact(home, "editor").model_copy(update={"version": 2})
    after = town.send_raw(catalog.WORKSPACE_CONTACT, line(event_of(good)), key=good.key().encode())
    town.consumed(*after, ["notification"])
