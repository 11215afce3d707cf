"""`refill dead-letters` on a real broker: what it lists, shows, writes again and takes down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.cli.client import Client
from services.cli.listening import Listening, kept_events
from services.cli.outcome import Exit
from shared.contracts.audit import DeadLetterDiscarded, DeadLetterRedriven
from shared.contracts.catalog import (
    DEAD_LETTERS,
    OPS_AUDIT,
    PRODUCT_USAGE,
    TOP_UP_COMMANDS,
    TOPICS,
    WORKSPACE_CONTACT,
)
from shared.contracts.flaws import Flaw, Unreadable
from shared.contracts.topics import Topic
from shared.messaging import dead_letters
from shared.messaging.arrivals import Arrival
from shared.messaging.kafka import LogReader
from shared.messaging.log import Place, Record
from shared.messaging.settings import KafkaSettings
from shared.messaging.topic_setup import create_topics
from tests.integration.cli.conftest import Refill
from tests.stack.topics import delete_topics
from tests.unit.messaging.test_dead_letters import Stored

WHY = ("--reason", "Ticket 4715", "--as", "opal")
SECRET = "Ann said so"


@pytest.fixture
def kafka(kafka_broker: KafkaSettings) -> Iterator[KafkaSettings]:
    """A broker with all topics, under a prefix of each test's own: their letters are nobody else's."""
    kafka = replace(kafka_broker, prefix=f"letters-{uuid4().hex[:8]}.")
    create_topics(kafka, [replace(topic, partitions=2) for topic in TOPICS])
    yield kafka
    delete_topics(kafka)


def dead_letter(client: Client, topic: Topic, offset: int, value: bytes, flaw: Flaw = Flaw.INVALID_DATA) -> str:
    """Have a service set this message aside; its letter's id."""
    unreadable = Unreadable(flaw, "data.credits: less than 1", value)
    record = Stored(offset=offset, key=b"acme", value=value, headers=(("trace", b"\x00\xff"),))
    arrival = Arrival(topic, Place(topic.name, 1), record, datetime(2026, 1, 31, offset, tzinfo=UTC), [unreadable])
    outgoing = dead_letters.letter(topic.consumers[0], arrival, 0, unreadable)
    return client.send(DEAD_LETTERS[topic.consumers[0]], outgoing.message, event_id=str(uuid4()))


@pytest.fixture
def letters(client: Client) -> tuple[str, str, str]:
    """Two broken commands, the later one told first, and a contact."""
    value = b'{"id":"e-1","data":{"workspace_id":"acme","reason":"' + SECRET.encode() + b'"}}'
    second = dead_letter(client, TOP_UP_COMMANDS, 2, value + b" ")
    first = dead_letter(client, TOP_UP_COMMANDS, 1, value)
    return first, second, dead_letter(client, WORKSPACE_CONTACT, 3, value, Flaw.NOT_JSON)


def written(
    kafka: KafkaSettings, topic: Topic
) -> list[tuple[bytes | None, bytes | None, list[tuple[str, bytes | None]]]]:
    """Key, value and headers of what stands in the topic, in order."""
    with Listening(kafka, [topic], from_beginning=True) as listening:
        count = len(list(listening.kept()))
    reader = LogReader(kafka, [topic.name])
    records: list[Record] = []
    try:
        while len(records) < count:
            records += [record for _, record in reader.poll(100)]
    finally:
        reader.close()
    return [(record.key, record.value, list(record.headers)) for record in records]


def test_letters_are_listed_in_the_order_of_their_originals_and_by_filters(
    refill: Refill, letters: tuple[str, str, str]
) -> None:
    first, second, of_contact = letters
    listed = refill("dead-letters", "list", "--json").documents
    assert [letter["letter"] for letter in listed] == [first, second, of_contact]
    for words, found in {
        ("--service", "notification"): [of_contact],
        ("--topic", "billing.top-up.commands.v1"): [first, second],
        ("--flaw", "not_json"): [of_contact],
        ("--since", "2026-01-31T02:00:00Z", "--until", "2026-01-31T03:00:00Z"): [second],
    }.items():
        assert [letter["letter"] for letter in refill("dead-letters", "list", *words, "--json").documents] == found
    ended = refill("dead-letters", "list")
    assert "dead letters: 3" in ended.out
    assert "billing.top-up.commands.v1[1]@1" in ended.out


@pytest.mark.case(23)
def test_one_is_shown_without_what_people_wrote_unless_that_is_asked_for(
    refill: Refill, letters: tuple[str, str, str]
) -> None:
    shown = refill("dead-letters", "show", letters[0])
    assert (shown.code, "invalid_data" in shown.out, "acme" in shown.out) == (Exit.DONE, True, True)
    assert SECRET not in shown.out
    assert SECRET in refill("dead-letters", "show", letters[0], "--contents").out
    (of_contact,) = refill("dead-letters", "show", letters[2], "--contents", "--json").documents
    assert of_contact["original"] is None
    assert of_contact["sha256"]


def test_originals_are_written_again_in_their_order_and_who_did_it_and_why_is_taken_down(
    refill: Refill, kafka: KafkaSettings, letters: tuple[str, str, str]
) -> None:
    first, second, of_contact = letters
    dry = refill("dead-letters", "redrive", *letters, *WHY, "--dry-run")
    assert (dry.code, "would be redriven: 2 of 3" in dry.out) == (Exit.REFUSED, True)
    assert (written(kafka, TOP_UP_COMMANDS), kept_events(kafka, [OPS_AUDIT])) == ([], [])

    done = refill("dead-letters", "redrive", "--topic", TOP_UP_COMMANDS.name, *WHY)
    assert done.code == Exit.DONE, done
    originals = written(kafka, TOP_UP_COMMANDS)
    assert [(key, value[-1:]) for key, value, _ in originals if value] == [(b"acme", b"}"), (b"acme", b" ")]
    assert all(headers == [("trace", b"\x00\xff")] for _, _, headers in originals)
    deeds = [event.message for event in kept_events(kafka, [OPS_AUDIT])]
    assert {(type(deed), deed.wire()["letter_id"], deed.wire()["operator_id"]) for deed in deeds} == {
        (DeadLetterRedriven, first, "opal"),
        (DeadLetterRedriven, second, "opal"),
    }
    assert [left["letter"] for left in refill("dead-letters", "list", "--json").documents] == [of_contact]
    (shown,) = refill("dead-letters", "show", first, "--json").documents
    assert [(deed["what"], deed["reason"]) for deed in shown["done"]] == [("redriven by opal", "Ticket 4715")]

    by_filter = refill("dead-letters", "redrive", "--topic", TOP_UP_COMMANDS.name, *WHY)
    assert "redriven: 0 of 0" in by_filter.out
    assert refill("dead-letters", "redrive", first, *WHY).code == Exit.DONE
    assert written(kafka, TOP_UP_COMMANDS)[2] == originals[0]


def test_a_contact_has_to_be_asked_for_upstream_and_can_be_discarded(
    refill: Refill, kafka: KafkaSettings, letters: tuple[str, str, str]
) -> None:
    ended = refill("dead-letters", "redrive", letters[2], *WHY)
    assert (ended.code, "Ask upstream" in ended.out) == (Exit.REFUSED, True)
    assert kept_events(kafka, [OPS_AUDIT]) == []
    assert "would be discarded: 1" in refill("dead-letters", "discard", letters[2], *WHY, "--dry-run").out
    assert refill("dead-letters", "discard", letters[2], *WHY).code == Exit.DONE
    (taken_down,) = kept_events(kafka, [OPS_AUDIT])
    assert isinstance(taken_down.message, DeadLetterDiscarded)
    everything = refill("dead-letters", "list", "--all", "--json").documents
    assert [letter["state"] for letter in everything] == ["open", "open", "discarded by opal"]


def test_what_is_not_clear_does_nothing(refill: Refill, kafka: KafkaSettings, client: Client) -> None:
    dead_letter(client, PRODUCT_USAGE, 1, b"{")
    unknown = str(uuid4())
    for words in (
        ("redrive", *WHY),
        ("redrive", unknown, *WHY),
        ("redrive", unknown, "--flaw", "not_json", *WHY),
        ("redrive", "--flaw", "not_json"),
        ("redrive", "--flaw", "invalid_data", "--reason", ""),
        ("redrive", "--topic", "no.such.topic.v1", *WHY),
        ("redrive", "--since", "yesterday", *WHY),
        ("discard", *WHY),
        ("show", unknown),
        ("list", "--service", "kitchen"),
    ):
        assert refill("dead-letters", *words).code == Exit.USAGE, words
    assert (written(kafka, PRODUCT_USAGE), kept_events(kafka, [OPS_AUDIT])) == ([], [])
