"""Files of events, line by line: good ones go on as they are, bad ones are named with their number."""

from __future__ import annotations

import json
from pathlib import Path

import orjson
import pytest

from services.cli.intake import BadLine, Row, read_events, read_trace_rows, split_lines
from services.cli.trace import Pricing, is_trace, read_trace
from shared.contracts.catalog import PRODUCT_USAGE, WORKSPACE_CONTACT, WORKSPACE_DIRECTORY
from shared.contracts.documents.examples import EXAMPLES, enveloped
from shared.contracts.envelope import write
from shared.contracts.workspace import ContactChanged, MemberChanged
from shared.messaging.log import Parcel
from tests.unit.contracts.events import usage, value

EXAMPLE_FILES = Path(__file__).parents[3] / "examples"
DIRECTORY = (WORKSPACE_DIRECTORY, WORKSPACE_CONTACT)
TRACE = (
    b"TIMESTAMP,ContextTokens,GeneratedTokens\r\n2023-11-16 18:15:46.6805900,374,44\r\n2023-11-16 18:15:50,996,5\r\n"
)


BY_CATALOG = Pricing()


def trace_rows(content: bytes, pricing: Pricing = BY_CATALOG) -> list[Row | BadLine]:
    return list(read_trace_rows(content, workspace_id="acme", user_id="edith", pricing=pricing))


def test_each_line_goes_to_the_topic_of_its_type_under_its_own_key_untouched() -> None:
    member, contact = (write(enveloped(EXAMPLES[kind], "/test")) for kind in (MemberChanged, ContactChanged))
    odd = b' { "x":1, ' + member[1:]
    first, second = read_events(split_lines(odd + b"\r\n\n" + contact + b"\n"), DIRECTORY)
    assert isinstance(first, Parcel)
    assert (first.topic, first.key, first.value) == (WORKSPACE_DIRECTORY, b"acme/edith", odd.strip())
    assert isinstance(second, Parcel)
    assert (second.topic, second.key) == (WORKSPACE_CONTACT, b"edith")


def test_bad_lines_are_named_by_number_and_reason_and_the_good_ones_go_on() -> None:
    lines = [
        value(),
        b"{",
        b"",
        b"[]",
        orjson.dumps(usage(data__credits=-1)),
        orjson.dumps(usage(type="workspace.changed.v1")),
        orjson.dumps(usage(colour="x" * 1_048_300)),
        value(id="u-2"),
    ]
    read = list(read_events(split_lines(b"\n".join(lines)), (PRODUCT_USAGE,)))
    assert [each.value for each in read if isinstance(each, Parcel)] == [lines[0], lines[7]]
    bad = {each.number: each.reason for each in read if isinstance(each, BadLine)}
    assert sorted(bad) == [2, 4, 5, 6, 7]
    assert "not JSON" in bad[2]
    assert "credits" in bad[5]
    assert "unknown_type" in bad[6]
    assert "bytes" in bad[7]


@pytest.mark.parametrize(
    ("line", "topic", "key"),
    [
        ({"key": "acme/edith", "value": None}, WORKSPACE_DIRECTORY, b"acme/edith"),
        ({"topic": "workspace.contact.v1", "key": "edith", "value": None}, WORKSPACE_CONTACT, b"edith"),
    ],
)
def test_a_tombstone_is_a_key_with_a_null_value(line: dict[str, object], topic: object, key: bytes) -> None:
    (parcel,) = read_events([orjson.dumps(line)], DIRECTORY)
    assert isinstance(parcel, Parcel)
    assert (parcel.topic, parcel.key, parcel.value) == (topic, key, None)


@pytest.mark.parametrize(
    "line",
    [
        {"key": "acme", "value": {}},
        {"key": 7, "value": None},
        {"key": "a/b/c", "value": None},
        {"key": "acme", "value": None, "topic": "product.usage.v1"},
    ],
)
def test_a_tombstone_that_names_nothing_is_a_bad_line(line: dict[str, object]) -> None:
    (bad,) = read_events([orjson.dumps(line)], DIRECTORY)
    assert isinstance(bad, BadLine)


def test_a_tombstone_of_usage_is_a_bad_line() -> None:
    (bad,) = read_events([b'{"key": "acme", "value": null}'], (PRODUCT_USAGE,))
    assert isinstance(bad, BadLine)
    assert "null_value" in bad.reason


@pytest.mark.parametrize(("file", "topics"), [("directory.jsonl", DIRECTORY), ("contacts.jsonl", DIRECTORY)])
def test_the_examples_hold_no_bad_line(file: str, topics: tuple[object, ...]) -> None:
    read = list(read_events(split_lines((EXAMPLE_FILES / file).read_bytes()), DIRECTORY))
    assert read
    assert [each for each in read if isinstance(each, BadLine)] == []


def test_a_row_of_a_trace_is_a_usage_of_all_its_tokens() -> None:
    first, second = trace_rows(TRACE)
    assert isinstance(first, Row)
    assert (first.usage.action, first.usage.quantity, first.usage.credits) == ("chat-tokens", 418, None)
    assert first.usage.occurred_at.isoformat() == "2023-11-16T18:15:46.680590+00:00"
    assert isinstance(second, Row)
    assert second.usage.quantity == 1_001


def test_credits_can_be_stated_for_every_started_thousand_tokens() -> None:
    credits = [
        row.usage.credits for row in trace_rows(TRACE, Pricing(credits_per_1000_tokens=3)) if isinstance(row, Row)
    ]
    assert credits == [3, 6]


@pytest.mark.rule("C11")
def test_the_same_file_gives_the_same_ids_and_another_file_others() -> None:
    assert trace_rows(TRACE) == trace_rows(TRACE)
    ids = {row.event_id for content in (TRACE, TRACE + b"\n") for row in trace_rows(content) if isinstance(row, Row)}
    assert len(ids) == 4


@pytest.mark.parametrize(
    "row",
    [
        b"2023-11-16 18:15:46,374",
        b"yesterday,374,44",
        b"2023-13-16 18:15:46,374,44",
        b"2023-11-16 18:15:46,many,44",
        b"2023-11-16 18:15:46,-374,44",
        b"2023-11-16 18:15:46,0,0",
        b"2023-11-16 18:15:46,999999999,999999999",
        b"\xff,1,1",
    ],
)
def test_a_row_that_is_none_is_a_bad_line(row: bytes) -> None:
    good, bad = trace_rows(b"TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46,374,44\n" + row)
    assert isinstance(good, Row)
    assert isinstance(bad, BadLine)
    assert bad.number == 3
    assert bad.reason


@pytest.mark.parametrize(
    "first", ["TIMESTAMP,ContextTokens,GeneratedTokens", "\ufeffTIMESTAMP, ContextTokens,GeneratedTokens "]
)
def test_a_trace_is_known_by_its_header(first: str) -> None:
    assert is_trace(first)
    assert not is_trace(json.dumps(usage()))


def test_the_example_trace_is_read_whole() -> None:
    path = EXAMPLE_FILES / "usage-trace.csv"
    usages = list(read_trace(path, workspace_id="acme", user_id="edith"))
    assert len(usages) == len(path.read_text().splitlines()) - 1
    assert len({each.usage_id for each in usages}) == len(usages)
