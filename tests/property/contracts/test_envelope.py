"""Whatever comes, decoding answers; whatever we write, we read."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.batch_slices import slices
from shared.contracts.catalog import PRODUCT_USAGE, TOPICS
from shared.contracts.decode import Decoded, decode
from shared.contracts.documents.examples import EXAMPLES, enveloped
from shared.contracts.envelope import BATCH, CONTENT_TYPE_HEADERS, Envelope, Unreadable, read, write
from shared.contracts.topics import Topic

ATTRIBUTE = st.text(min_size=1, max_size=128).filter(lambda text: text.isprintable())
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)
OBJECT = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON)
MOMENT = st.datetimes(datetime(1970, 1, 2), datetime(2100, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001
ENVELOPE = st.builds(
    Envelope,
    id=ATTRIBUTE,
    source=ATTRIBUTE,
    type=ATTRIBUTE,
    time=MOMENT,
    data=OBJECT,
    subject=st.none() | ATTRIBUTE,
    correlation_id=st.none() | ATTRIBUTE,
    causation_id=st.none() | ATTRIBUTE,
    traceparent=st.none() | ATTRIBUTE,
)
CONTENT_TYPE = st.sampled_from([b"application/json", b"application/cloudevents+json", BATCH.encode(), b"text/plain"])
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["content-type", "ce_specversion", "ce_id"]) | st.text(), st.none() | CONTENT_TYPE | st.binary()
    )
)


@settings(deadline=None)
@given(ENVELOPE)
def test_any_envelope_survives_writing_and_reading(envelope: Envelope) -> None:
    assert read(write(envelope), CONTENT_TYPE_HEADERS, batch_allowed=False) == [envelope]


@settings(deadline=None)
@given(st.sampled_from(TOPICS), st.none() | st.binary(), st.none() | st.binary(), HEADERS)
def test_no_bytes_make_decoding_raise(
    topic: Topic, key: bytes | None, value: bytes | None, headers: list[tuple[str, bytes | None]]
) -> None:
    assert decode(topic, key, value, headers)


@settings(deadline=None)
@given(st.sampled_from(TOPICS), st.none() | st.binary(), JSON, HEADERS)
def test_no_json_makes_decoding_raise(
    topic: Topic, key: bytes | None, value: object, headers: list[tuple[str, bytes | None]]
) -> None:
    assert decode(topic, key, orjson.dumps(value), headers)


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(EXAMPLES, key=lambda message: message.type)))
def test_no_change_of_one_field_makes_decoding_raise(data: st.DataObject, message: type) -> None:
    topic = next(topic for topic in TOPICS if message in topic.messages)
    example = EXAMPLES[message]
    event = orjson.loads(write(enveloped(example, "/test")))
    field = data.draw(st.sampled_from(sorted(event["data"])))
    event["data"][field] = data.draw(JSON)
    value = orjson.dumps(event)
    (element,) = decode(topic, example.key().encode(), value, ())
    assert isinstance(element, Decoded) or (isinstance(element, Unreadable) and element.original == value)


@settings(deadline=None)
@given(st.lists(JSON, min_size=1), st.sampled_from([None, orjson.OPT_INDENT_2]))
def test_slices_of_an_array_are_its_elements(elements: list[object], option: int | None) -> None:
    array = orjson.dumps(elements, option=option)
    assert [orjson.loads(cut) for cut in slices(array)] == elements


@settings(deadline=None)
@given(st.lists(st.sampled_from([b"{}", b'{"specversion":"1.0"}', b"1", b'"],["', b"[[1],{}]"]), min_size=1))
def test_every_bad_element_of_a_batch_keeps_its_own_bytes(elements: list[bytes]) -> None:
    batch = b"[" + b", ".join(elements) + b"]"
    decoded = decode(PRODUCT_USAGE, None, batch, [("content-type", BATCH.encode())])
    assert [element.original for element in decoded if isinstance(element, Unreadable)] == elements


@pytest.mark.parametrize("message", EXAMPLES, ids=lambda message: message.type)
def test_every_example_survives_the_road(message: type) -> None:
    example = EXAMPLES[message]
    topic = next(topic for topic in TOPICS if message in topic.messages)
    (element,) = decode(topic, example.key().encode(), write(enveloped(example, "/test")), CONTENT_TYPE_HEADERS)
    assert isinstance(element, Decoded)
    assert element.message == example
