"""The original of a dead letter: written again as it was, shown without what people wrote."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from services.cli.originals import Lost, content, masked, original
from shared.contracts.catalog import BY_NAME, PRODUCT_USAGE, TOP_UP_COMMANDS, WORKSPACE_CONTACT, WORKSPACE_DIRECTORY
from shared.contracts.dead_letter import DeadLettered, OriginalHeader
from shared.contracts.decode import Decoded, decode
from shared.contracts.documents.examples import EXAMPLES, enveloped
from shared.contracts.envelope import BATCH, CONTENT_TYPE_HEADERS, write
from shared.contracts.flaws import Flaw, Unreadable
from shared.contracts.product import UsageReported
from shared.contracts.topics import Topic
from shared.messaging import dead_letters
from shared.messaging.arrivals import Arrival
from shared.messaging.log import Place
from tests.unit.messaging.test_dead_letters import Stored

Headers = tuple[tuple[str, bytes | None], ...]
AT = datetime(2026, 1, 1, tzinfo=UTC)


def letter(
    topic: Topic, value: bytes | None, key: bytes | None = b"acme", headers: Headers = (), whole: bytes | None = None
) -> DeadLettered:
    """As the runtime writes it: of `value`, which may be one element of a batch that is `whole`."""
    unreadable = Unreadable(Flaw.QUARANTINED, "set aside by ann: ticket 7", value)
    record = Stored(key=key, value=value if whole is None else whole, headers=headers)
    arrival = Arrival(topic, Place(topic.name, 0), record, AT, [unreadable])
    message = dead_letters.letter(topic.consumers[0], arrival, 0, unreadable).message
    assert isinstance(message, DeadLettered)
    return message


@pytest.mark.parametrize("value", [b"{ cut", b"\xff\x00", b"", b"[]"])
@pytest.mark.parametrize("key", [b"acme", b"", None])
@pytest.mark.parametrize("headers", [(), (("trace", b"\x00\xff"), ("empty", None), ("content-type", b"text/x"))])
def test_the_original_is_written_as_it_was(value: bytes, key: bytes | None, headers: Headers) -> None:
    parcel = original(letter(TOP_UP_COMMANDS, value, key, headers))
    assert (parcel.topic, parcel.key, parcel.value, parcel.headers) == (TOP_UP_COMMANDS, key, value, headers)


def test_one_event_out_of_a_batch_is_written_as_one_event_and_can_be_read() -> None:
    event = write(enveloped(EXAMPLES[UsageReported], "/product"))
    headers: Headers = (("trace", b"1"), ("Content-Type", BATCH.encode()))
    of_a_batch = letter(PRODUCT_USAGE, event, headers=headers, whole=b"[" + event + b"]")
    parcel = original(of_a_batch)
    assert parcel.headers == (("trace", b"1"), *CONTENT_TYPE_HEADERS)
    (read,) = decode(PRODUCT_USAGE, parcel.key, parcel.value, parcel.headers)
    assert isinstance(read, Decoded)
    assert read.envelope.id == enveloped(EXAMPLES[UsageReported], "/product").id


def test_a_whole_batch_stays_one() -> None:
    headers: Headers = (("content-type", BATCH.encode()),)
    assert original(letter(PRODUCT_USAGE, b" []", headers=headers)).headers == headers


def test_a_tombstone_that_was_set_aside_is_written_again() -> None:
    parcel = original(letter(WORKSPACE_DIRECTORY, None, b"acme/erin"))
    assert (parcel.key, parcel.value) == (b"acme/erin", None)


@pytest.mark.parametrize(
    ("lost", "why"),
    [
        (letter(WORKSPACE_CONTACT, b"{}"), "Ask upstream"),
        (letter(WORKSPACE_CONTACT, None, b"erin"), "Ask upstream"),
        (letter(TOP_UP_COMMANDS, None, whole=b"x" * 10), "too large"),
        (letter(TOP_UP_COMMANDS, None), "null, which means nothing"),
        (letter(TOP_UP_COMMANDS, b"x" * TOP_UP_COMMANDS.max_message_bytes), "larger than"),
        (letter(TOP_UP_COMMANDS, b"{}").model_copy(update={"source_topic": "gone.v1"}), "no topic gone"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_written_again_says_who_can_mend_it(lost: DeadLettered, why: str) -> None:
    with pytest.raises(Lost, match=why):
        original(lost)


@pytest.mark.case(23)
def test_shown_are_ids_and_numbers_and_nothing_that_people_wrote() -> None:
    event = {
        "id": "e-1",
        "type": "billing.decline-request.v1",
        "subject": "ann@example.test",
        "data": {
            "workspace_id": "acme",
            "actor_id": "ann@example.test",
            "user_ids": ["erin", "Erin Example"],
            "credits": 12,
            "last": None,
            "reason": "Ann said: no",
            "Ann Example": [{"note": "private"}],
        },
    }
    found = letter(TOP_UP_COMMANDS, json.dumps(event).encode())
    assert masked(found) == {
        "id": "e-1",
        "type": "billing.decline-request.v1",
        "subject": "(16 characters)",
        "data": {
            "workspace_id": "acme",
            "actor_id": "(16 characters)",
            "user_ids": ["erin", "(12 characters)"],
            "credits": 12,
            "last": None,
            "reason": "(12 characters)",
            "(11 characters)": [{"note": "(7 characters)"}],
        },
    }
    assert "Ann said: no" in str(content(found))


def test_what_is_no_json_is_shown_by_its_size_and_what_is_not_kept_not_at_all() -> None:
    assert masked(letter(TOP_UP_COMMANDS, b"\xff\xfe Ann")) == "no JSON: 6 bytes"
    assert (masked(letter(WORKSPACE_CONTACT, b"{}")), content(letter(WORKSPACE_CONTACT, b"{}"))) == (None, None)


def test_the_header_of_a_letter_on_the_wire_may_be_null() -> None:
    wired = DeadLettered.read({**letter(TOP_UP_COMMANDS, b"x").wire(), "headers": [{"name": "n"}]})
    assert wired.headers == (OriginalHeader(name="n"),)
    assert original(wired).headers == (("n", None),)
    assert b64encode(b"x").decode() == wired.value_base64
    assert wired.source_topic in BY_NAME
