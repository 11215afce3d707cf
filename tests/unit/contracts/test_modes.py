"""CloudEvents over Kafka: which modes are read, and what each takes from headers and value."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import orjson
import pytest

from shared.contracts.catalog import LEDGER_ACCOUNT, PRODUCT_USAGE, TOP_UP_COMMANDS
from shared.contracts.decode import Decoded, Ignored, decode
from shared.contracts.envelope import BATCH, CONTENT_TYPE_HEADERS, Envelope, Flaw, Headers, Unreadable, read, write
from shared.contracts.product import UsageReported
from tests.unit.contracts.events import BATCH_HEADERS, STRUCTURED_HEADERS, usage, value


def only(elements: list[object]) -> Decoded:
    assert len(elements) == 1
    assert isinstance(elements[0], Decoded), elements[0]
    return elements[0]


@pytest.mark.parametrize(
    "headers",
    [
        (),
        STRUCTURED_HEADERS,
        (("Content-Type", b"Application/CloudEvents+JSON; charset=UTF-8"),),
        (("content-type", None),),
        (("x-tracing", b"\xff\xfe"), ("content-type", b"application/cloudevents+json")),
    ],
    ids=["typed into a console", "as we write it", "other case and a charset", "null header", "a foreign header"],
)
def test_structured_mode_needs_no_header_and_takes_any_spelling(headers: Headers) -> None:
    decoded = only([*decode(PRODUCT_USAGE, None, value(), headers)])
    assert decoded.message == UsageReported.read(usage()["data"])
    assert decoded.envelope.source == "/products/chat"


@pytest.mark.parametrize("content_type", [b"application/json", b"application/json; charset=utf-8", None])
def test_binary_mode_takes_its_attributes_from_headers_as_plain_utf_8(content_type: bytes | None) -> None:
    # Kafka's binding, other than HTTP's, does not percent-encode: %20 stays what it is, and non-ASCII comes as it is.
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", "u-1 %20 é".encode()),
        ("CE_SOURCE", b"/products/chat"),
        ("ce_type", b"product.usage-reported.v1"),
        ("ce_correlationid", b"c-1"),
        ("ce_subject", None),
    ] + ([("content-type", content_type)] if content_type else [])
    decoded = only([*decode(PRODUCT_USAGE, b"acme", orjson.dumps(usage()["data"]), headers)])
    assert decoded.envelope.id == "u-1 %20 é"
    assert decoded.envelope.correlation_id == "c-1"
    assert decoded.envelope.subject is None


def test_binary_mode_with_an_attribute_in_another_encoding_is_unreadable() -> None:
    headers = [("ce_specversion", b"1.0"), ("ce_id", "é".encode("latin-1"))]
    (element,) = decode(PRODUCT_USAGE, None, b"{}", headers)
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.INVALID_ATTRIBUTE


def test_a_batch_gives_one_element_for_each_event_in_order() -> None:
    batch = orjson.dumps([usage(id=f"e-{n}", data__usage_id=f"u-{n}") for n in range(3)])
    elements = decode(PRODUCT_USAGE, None, batch, BATCH_HEADERS)
    assert [only([element]).envelope.id for element in elements] == ["e-0", "e-1", "e-2"]


def test_a_bad_element_of_a_batch_spoils_only_itself_and_keeps_its_own_bytes() -> None:
    odd = b'{ "specversion" : "1.0",\n "id":"a","id":"b, [}]", "n": 1.50 }'
    deep = b"[" * 500 + b"]" * 500
    batch = b" [" + value() + b" ,\n " + odd + b"," + value(id="u-2") + b", " + deep + b",7 ] "
    first, second, third, fourth, fifth = decode(PRODUCT_USAGE, b"acme", batch, BATCH_HEADERS)
    assert isinstance(first, Decoded)
    assert isinstance(third, Decoded)
    assert isinstance(second, Unreadable)
    assert (second.flaw, second.original) == (Flaw.MISSING_ATTRIBUTE, odd)
    assert isinstance(fourth, Unreadable)
    assert (fourth.flaw, fourth.original) == (Flaw.NOT_AN_OBJECT, deep)
    assert isinstance(fifth, Unreadable)
    assert fifth.original == b"7"


def test_an_element_that_fails_late_keeps_its_own_bytes_too() -> None:
    bad = value(data__credits=-1)
    good, spoiled = decode(PRODUCT_USAGE, None, b"[" + value() + b"," + bad + b"]", BATCH_HEADERS)
    assert isinstance(good, Decoded)
    assert isinstance(spoiled, Unreadable)
    assert (spoiled.flaw, spoiled.original) == (Flaw.INVALID_DATA, bad)


def test_a_single_bad_message_is_kept_untouched_on_a_topic_that_also_takes_batches() -> None:
    bad = b'{"specversion":"1.0", "id":"x"  }'
    (element,) = decode(PRODUCT_USAGE, None, bad, ())
    assert isinstance(element, Unreadable)
    assert element.original == bad


def test_a_batch_belongs_to_the_workspace_of_its_first_readable_event() -> None:
    events = [usage(id=None), usage(), usage(data__workspace_id="globex"), usage(id="u-2")]
    broken, first, stranger, last = decode(PRODUCT_USAGE, None, orjson.dumps(events), BATCH_HEADERS)
    assert isinstance(broken, Unreadable)
    assert isinstance(first, Decoded)
    assert isinstance(last, Decoded)
    assert isinstance(stranger, Unreadable)
    assert stranger.flaw is Flaw.KEY_MISMATCH


def test_the_key_of_a_batch_rules_over_its_first_event() -> None:
    events = [usage(data__workspace_id="globex"), usage()]
    stranger, own = decode(PRODUCT_USAGE, b"acme", orjson.dumps(events), BATCH_HEADERS)
    assert isinstance(stranger, Unreadable)
    assert stranger.flaw is Flaw.KEY_MISMATCH
    assert isinstance(own, Decoded)


def test_data_that_an_sdk_held_as_bytes_is_read() -> None:
    event = usage(data=None, data_base64=base64.b64encode(orjson.dumps(usage()["data"])).decode())
    assert only([*decode(PRODUCT_USAGE, None, orjson.dumps(event), ())]).message.key() == "acme"


def test_a_new_type_of_our_own_is_ignored_where_it_would_be_poison_from_others() -> None:
    (ours,) = decode(LEDGER_ACCOUNT, b"acme/edith", value(type="credit-ledger.credits-dreamt.v1"), ())
    assert ours == Ignored("credit-ledger.credits-dreamt.v1")
    (theirs,) = decode(PRODUCT_USAGE, b"acme", value(type="product.usage-dreamt.v1"), ())
    assert isinstance(theirs, Unreadable)
    assert theirs.flaw is Flaw.UNKNOWN_TYPE


def test_an_unknown_field_is_ignored_because_it_is_tomorrows() -> None:
    decoded = only([*decode(PRODUCT_USAGE, None, value(data__colour="red", colour="red"), ())])
    assert decoded.message == UsageReported.read(usage()["data"])


def test_what_is_written_names_its_format_and_reads_back() -> None:
    envelope = Envelope("e", "/s", "t.v1", datetime(2026, 1, 31, 12, tzinfo=UTC), {"a": 1}, subject="acme")
    assert read(write(envelope), CONTENT_TYPE_HEADERS, batch_allowed=False) == [envelope]
    assert orjson.loads(write(envelope))["time"] == "2026-01-31T12:00:00Z"


def test_a_batch_is_refused_where_one_event_a_message_is_the_rule() -> None:
    (element,) = decode(TOP_UP_COMMANDS, None, b"[]", [("content-type", BATCH.encode())])
    assert isinstance(element, Unreadable)
    assert element.flaw is Flaw.BATCH_NOT_ALLOWED


@pytest.mark.parametrize("empty", [None, b""], ids=["none", "empty, as some console producers send it"])
def test_usage_may_leave_the_key_out(empty: bytes | None) -> None:
    assert isinstance(decode(PRODUCT_USAGE, empty, value(), ())[0], Decoded)
