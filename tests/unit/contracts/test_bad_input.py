"""What cannot be read is named: every kind of bad input, its flaw, and the untouched original."""

from __future__ import annotations

import gzip

import orjson
import pytest

from shared.contracts.catalog import (
    HOLD_COMMANDS,
    PRICE_CATALOG,
    PRODUCT_USAGE,
    TOP_UP_COMMANDS,
    WORKSPACE_CONTACT,
    WORKSPACE_DIRECTORY,
)
from shared.contracts.decode import Decoded, Tombstone, decode
from shared.contracts.documents.examples import EXAMPLES, enveloped
from shared.contracts.envelope import BATCH, MAX_ELEMENTS, Flaw, Headers, Unreadable, write
from shared.contracts.holds import CaptureHold, HoldCredits
from shared.contracts.message import Message
from shared.contracts.price_catalog import CatalogPublished
from shared.contracts.product import UsageReported
from shared.contracts.topics import Topic
from shared.contracts.workspace import ContactChanged, MemberChanged, WorkspaceChanged
from tests.unit.contracts.events import BATCH_HEADERS, usage, value

VALUES: dict[str, tuple[bytes, Flaw]] = {
    "nothing": (b"", Flaw.NOT_JSON),
    "broken JSON": (b'{"specversion": "1.0", ', Flaw.NOT_JSON),
    "two objects": (value() + value(), Flaw.NOT_JSON),
    "compressed by hand": (gzip.compress(value()), Flaw.NOT_JSON),
    "a byte order mark": (b"\xef\xbb\xbf" + value(), Flaw.NOT_JSON),
    "not UTF-8": (value().replace(b"edith", b"\xe9dith"), Flaw.NOT_JSON),
    "a lone surrogate": (value().replace(b"edith", b"\\ud800"), Flaw.NOT_JSON),
    "NaN": (value().replace(b'"credits":5', b'"credits":NaN'), Flaw.NOT_JSON),
    "a number past infinity": (value().replace(b'"credits":5', b'"credits":1e999'), Flaw.NOT_JSON),
    "nested past any sense": (b"[" * 100_000 + b"]" * 100_000, Flaw.NOT_JSON),
    "null as text": (b"null", Flaw.NOT_AN_OBJECT),
    "a batch without its header": (b"[" + value() + b"]", Flaw.NOT_AN_OBJECT),
    "no specversion": (value(specversion=None), Flaw.MISSING_ATTRIBUTE),
    "no id": (value(id=None), Flaw.MISSING_ATTRIBUTE),
    "an empty source": (value(source=""), Flaw.MISSING_ATTRIBUTE),
    "no type": (value(type=None), Flaw.MISSING_ATTRIBUTE),
    "no data": (value(data=None), Flaw.MISSING_ATTRIBUTE),
    "specversion as a number": (value(specversion=1.0), Flaw.UNSUPPORTED_SPECVERSION),
    "another specversion": (value(specversion="0.3"), Flaw.UNSUPPORTED_SPECVERSION),
    "id as a number": (value(id=7), Flaw.INVALID_ATTRIBUTE),
    "id with a line break": (value(id="u-1\nlevel=ERROR"), Flaw.INVALID_ATTRIBUTE),
    "id with NUL": (value(id="u-1\x00"), Flaw.INVALID_ATTRIBUTE),
    "id too long for an index": (value(id="é" * 300), Flaw.INVALID_ATTRIBUTE),
    "time as a number": (value(time=1_700_000_000), Flaw.INVALID_ATTRIBUTE),
    "time without a zone": (value(time="2026-01-31T12:00:00"), Flaw.INVALID_ATTRIBUTE),
    "time at the end of the calendar": (value(time="0001-01-01T00:00:00+23:59"), Flaw.INVALID_ATTRIBUTE),
    "data_base64 that is none": (value(data=None, data_base64="%%%"), Flaw.INVALID_ATTRIBUTE),
    "data_base64 as a number": (value(data=None, data_base64=7), Flaw.INVALID_ATTRIBUTE),
    "an unknown type": (value(type="product.paid.v1"), Flaw.UNKNOWN_TYPE),
    "an unknown version": (value(type="product.usage-reported.v2"), Flaw.UNKNOWN_VERSION),
    "data as text": (value(data="{}"), Flaw.INVALID_DATA),
    "data as null": (orjson.dumps({**usage(), "data": None}), Flaw.INVALID_DATA),
    "a field missing": (value(data__user_id=None), Flaw.INVALID_DATA),
    "credits as text": (value(data__credits="5"), Flaw.INVALID_DATA),
    "credits as true": (value(data__credits=True), Flaw.INVALID_DATA),
    "credits with a fraction of nothing": (value(data__credits=5.0), Flaw.INVALID_DATA),
    "negative credits": (value(data__credits=-5), Flaw.INVALID_DATA),
    "no credits at all": (value(data__credits=0), Flaw.INVALID_DATA),
    "huge credits": (value(data__credits=10**15), Flaw.INVALID_DATA),
    "credits past 64 bits": (value().replace(b'"credits":5', b'"credits":' + b"9" * 30), Flaw.INVALID_DATA),
    "two measures": (value(data__action="chat", data__quantity=1), Flaw.INVALID_DATA),
    "half a measure": (value(data__credits=None, data__action="chat"), Flaw.INVALID_DATA),
    "a workspace id with a slash": (value(data__workspace_id="acme/edith"), Flaw.INVALID_DATA),
    "a user id with a line break at its end": (value(data__user_id="edith\n"), Flaw.INVALID_DATA),
    "the pool as a user": (value(data__user_id="~pool"), Flaw.INVALID_DATA),
    "seconds for an instant": (value(data__occurred_at=1_700_000_000), Flaw.INVALID_DATA),
    "seconds as text": (value(data__occurred_at="1700000000"), Flaw.INVALID_DATA),
    "an instant without a zone": (value(data__occurred_at="2026-01-31T12:00:00"), Flaw.INVALID_DATA),
    "an instant far away": (value(data__occurred_at="9999-12-31T23:59:59Z"), Flaw.INVALID_DATA),
}


@pytest.mark.case(19)
@pytest.mark.parametrize("name", VALUES)
def test_a_bad_value_is_named_and_kept_whole(name: str) -> None:
    bad, flaw = VALUES[name]
    (element,) = decode(PRODUCT_USAGE, b"acme", bad, ())
    assert isinstance(element, Unreadable), element
    assert (element.flaw, element.original) == (flaw, bad)
    assert element.detail


HEADERS: dict[str, tuple[Headers, Flaw]] = {
    "XML": ([("content-type", b"application/cloudevents+xml")], Flaw.UNSUPPORTED_CONTENT_TYPE),
    "plain JSON": ([("content-type", b"application/json")], Flaw.UNSUPPORTED_CONTENT_TYPE),
    "bytes that are no text": ([("content-type", b"\xff\xfe")], Flaw.UNSUPPORTED_CONTENT_TYPE),
    "binary Avro": ([("ce_specversion", b"1.0"), ("content-type", b"avro/binary")], Flaw.UNSUPPORTED_CONTENT_TYPE),
    "binary without its attributes": (
        [("ce_specversion", b"1.0"), ("content-type", b"application/json")],
        Flaw.MISSING_ATTRIBUTE,
    ),
    "a batch that is no array": ([("content-type", BATCH.encode())], Flaw.NOT_AN_OBJECT),
}


@pytest.mark.case(19)
@pytest.mark.parametrize("name", HEADERS)
def test_a_bad_header_is_named(name: str) -> None:
    headers, flaw = HEADERS[name]
    (element,) = decode(PRODUCT_USAGE, b"acme", value(), headers)
    assert isinstance(element, Unreadable)
    assert (element.flaw, element.original) == (flaw, value())


@pytest.mark.parametrize(("events", "flaw"), [(0, Flaw.NOT_AN_OBJECT), (MAX_ELEMENTS + 1, Flaw.BATCH_TOO_LONG)])
def test_a_batch_of_none_or_too_many_is_set_aside_as_one(events: int, flaw: Flaw) -> None:
    batch = b"[" + b",".join([b"{}"] * events) + b"]"
    (element,) = decode(PRODUCT_USAGE, None, batch, BATCH_HEADERS)
    assert isinstance(element, Unreadable)
    assert (element.flaw, element.original) == (flaw, batch)


@pytest.mark.case(19)
def test_a_message_that_unpacks_to_two_megabytes_is_not_read_and_kept_by_its_place_only() -> None:
    (element,) = decode(PRODUCT_USAGE, None, value(colour="x" * 2_000_000), ())
    assert isinstance(element, Unreadable)
    assert (element.flaw, element.original) == (Flaw.TOO_LARGE, None)


def test_headers_count_for_the_size_too() -> None:
    (element,) = decode(PRODUCT_USAGE, None, value(), [("x", b"x" * 2_000_000)])
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.TOO_LARGE


@pytest.mark.case(19)
@pytest.mark.parametrize("topic", [PRODUCT_USAGE, TOP_UP_COMMANDS, PRICE_CATALOG], ids=lambda topic: topic.name)
def test_a_null_value_is_poison_where_nothing_can_be_removed(topic: Topic) -> None:
    (element,) = decode(topic, b"acme", None, ())
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.NULL_VALUE


@pytest.mark.parametrize("key", ["acme", "acme/edith"])
def test_a_null_value_in_the_directory_is_a_tombstone(key: str) -> None:
    assert decode(WORKSPACE_DIRECTORY, key.encode(), None, ()) == [Tombstone(key)]


@pytest.mark.parametrize("key", [None, b"", b"\xff", b"a\x00", b"acme/", b"a/b/c", b"~pool", b"x" * 129])
def test_a_tombstone_that_names_nothing_is_unreadable(key: bytes | None) -> None:
    (element,) = decode(WORKSPACE_DIRECTORY, key, None, ())
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.KEY_MISMATCH


@pytest.mark.parametrize("key", [b"globex", b'"acme"', b"acme\n", b"\xff"])
def test_a_key_that_disagrees_with_the_body_is_unreadable_even_where_it_may_be_left_out(key: bytes) -> None:
    (element,) = decode(PRODUCT_USAGE, key, value(), ())
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.KEY_MISMATCH
    assert "acme" in element.detail


def test_a_missing_key_is_unreadable_where_compaction_needs_it() -> None:
    (element,) = decode(WORKSPACE_DIRECTORY, None, event_of(MemberChanged), ())
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.KEY_MISMATCH


def event_of(message: type[Message], **changes: object) -> bytes:
    event = orjson.loads(write(enveloped(EXAMPLES[message], "/test")))
    event["data"].update(changes)
    return orjson.dumps(event)


@pytest.mark.case(24)
@pytest.mark.parametrize(
    "name",
    ["Acme\r\nBcc: all@acme.example", "<script>alert(1)</script>", "ж" * 10_000],
    ids=["CR/LF", "HTML", "10,000"],
)
def test_a_name_may_hold_what_people_type(name: str) -> None:
    (element,) = decode(WORKSPACE_DIRECTORY, b"acme", event_of(WorkspaceChanged, name=name), ())
    assert isinstance(element, Decoded)
    assert isinstance(element.message, WorkspaceChanged)
    assert element.message.name == name


@pytest.mark.parametrize("name", ["", "x" * 10_001, "nul \x00 byte", 7])
def test_a_name_that_cannot_be_stored_is_unreadable(name: object) -> None:
    (element,) = decode(WORKSPACE_DIRECTORY, b"acme", event_of(WorkspaceChanged, name=name), ())
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.INVALID_DATA


@pytest.mark.case(24)
@pytest.mark.parametrize(
    "email",
    [
        "a@b.c, evil@x.example",
        "a@b.c\r\nBcc: evil@x.example",
        "Edith <a@b.c>",
        '"a b"@c.d',
        "a\x00@b.c",
        "a(b)@c.d",
        "a;b@c.d",
    ],
)
def test_an_address_that_a_mail_header_would_read_otherwise_is_unreadable(email: str) -> None:
    (element,) = decode(WORKSPACE_CONTACT, b"edith", event_of(ContactChanged, email=email), ())
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.INVALID_DATA


@pytest.mark.parametrize("anchor", [0, 20_000, "2026-01-31T00:00:00", "31.01.2026", "1899-01-01", True])
def test_a_date_is_written_as_a_date(anchor: object) -> None:
    (element,) = decode(WORKSPACE_DIRECTORY, b"acme", event_of(WorkspaceChanged, cycle_anchor=anchor), ())
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.INVALID_DATA


PACKAGE = {"package_id": "credits-3k", "credits": 3_000, "price_minor": 1_500, "currency": "usd"}
OUT_OF_BOUNDS: list[tuple[Topic, type[Message], str, object]] = [
    (HOLD_COMMANDS, HoldCredits, "credits", 0),
    (HOLD_COMMANDS, CaptureHold, "credits", 0),
    (PRODUCT_USAGE, UsageReported, "occurred_at", "1969-12-31T23:59:59Z"),
    (PRODUCT_USAGE, UsageReported, "occurred_at", "2101-01-01T00:00:00Z"),
    (WORKSPACE_DIRECTORY, WorkspaceChanged, "cycle_anchor", "1969-12-31"),
    (WORKSPACE_DIRECTORY, WorkspaceChanged, "cycle_anchor", "2101-01-01"),
    (PRICE_CATALOG, CatalogPublished, "packages", [{**PACKAGE, "price_minor": 0}]),
    (PRICE_CATALOG, CatalogPublished, "packages", [{**PACKAGE, "currency": "dollar"}]),
    (PRICE_CATALOG, CatalogPublished, "action_prices", [{"action": "chat", "credits": 0, "per": 1}]),
    (PRICE_CATALOG, CatalogPublished, "action_prices", [{"action": "chat", "credits": 1, "per": 0}]),
]


@pytest.mark.case(19)
@pytest.mark.parametrize(("topic", "message", "field", "stated"), OUT_OF_BOUNDS)
def test_what_no_date_price_or_hold_can_be_is_unreadable(
    topic: Topic, message: type[Message], field: str, stated: object
) -> None:
    (element,) = decode(topic, EXAMPLES[message].key().encode(), event_of(message, **{field: stated}), ())
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.INVALID_DATA
    assert field in element.detail


@pytest.mark.case(23)
def test_the_reason_names_the_field_and_never_repeats_what_stood_there() -> None:
    (element,) = decode(WORKSPACE_CONTACT, b"edith", event_of(ContactChanged, email="Edith Secret"), ())
    assert isinstance(element, Unreadable)
    assert "email" in element.detail
    assert "Secret" not in element.detail
