"""Lines of a file as messages to send: each by itself, a bad one with its number and the reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import orjson
from pydantic import ValidationError

from services.cli.trace import Pricing, usage_ids, usage_of_row
from shared.contracts.decode import Decoded, Tombstone, decode
from shared.contracts.envelope import CONTENT_TYPE_HEADERS
from shared.contracts.flaws import Unreadable
from shared.contracts.product import UsageReported
from shared.contracts.topics import Topic
from shared.messaging.log import Parcel


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that was left out."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a trace as usage, under an event id of its own."""

    usage: UsageReported
    event_id: str


def split_lines(content: bytes) -> list[bytes]:
    """The lines of a file, the first at number 1. Only line feeds divide; a byte order mark is no part of it."""
    return [line.strip() for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n")]


def read_events(lines: Sequence[bytes], topics: tuple[Topic, ...]) -> Iterator[Parcel | BadLine]:
    """Each line as a whole event for the one of `topics` that carries its type. What is sent is the line itself."""
    for number, line in enumerate(lines, 1):
        if line:
            parcel = _read_event(line, topics)
            yield parcel if isinstance(parcel, Parcel) else BadLine(number, parcel)


def read_trace_rows(content: bytes, *, workspace_id: str, user_id: str, pricing: Pricing) -> Iterator[Row | BadLine]:
    """Each row of a trace as a usage; its event id is its usage id."""
    lines = split_lines(content)
    for number, (line, usage_id) in enumerate(zip(lines, usage_ids(content), strict=False), 1):
        if number == 1 or not line:
            continue
        try:
            usage = usage_of_row(
                line.decode(), usage_id=usage_id, workspace_id=workspace_id, user_id=user_id, pricing=pricing
            )
            yield Row(usage, usage_id)
        except ValidationError as error:
            flaws = error.errors(include_url=False, include_context=False, include_input=False)
            yield BadLine(number, "; ".join(f"{'.'.join(map(str, f['loc']))}: {f['msg']}" for f in flaws))
        except ValueError as error:
            yield BadLine(number, str(error))


def _read_event(line: bytes, topics: tuple[Topic, ...]) -> Parcel | str:
    """The line as a parcel, or what is wrong with it."""
    try:
        parsed = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return f"not JSON: {error}"
    if not isinstance(parsed, dict):
        return "one event is one JSON object"
    if "value" in parsed and "key" in parsed and "specversion" not in parsed:
        return _read_tombstone(parsed, topics)
    topic = next((each for each in topics if each.message_of(str(parsed.get("type")))), topics[0])
    # The line holds no key: it is the body's own, so it cannot disagree.
    (element,) = decode(replace(topic, key_rule="optional"), None, line, CONTENT_TYPE_HEADERS)
    if not isinstance(element, Decoded):
        return f"{element.flaw}: {element.detail}" if isinstance(element, Unreadable) else "no event"
    return _fitting(Parcel(topic, element.message.key().encode(), line, CONTENT_TYPE_HEADERS))


def _read_tombstone(parsed: dict[str, object], topics: tuple[Topic, ...]) -> Parcel | str:
    key, value, name = parsed["key"], parsed["value"], parsed.get("topic", topics[0].name)
    topic = next((each for each in topics if each.name == name), None)
    if value is not None or not isinstance(key, str):
        return 'a tombstone is written {"key": "acme/edith", "value": null}'
    if topic is None:
        return f"topic {name!r} is none of {', '.join(each.name for each in topics)}"
    (element,) = decode(topic, key.encode(), None, ())
    if isinstance(element, Tombstone):
        return Parcel(topic, key.encode(), None)
    return f"{element.flaw}: {element.detail}" if isinstance(element, Unreadable) else "no tombstone"


def _fitting(parcel: Parcel) -> Parcel | str:
    size, limit = parcel.size_bytes(), parcel.topic.max_message_bytes
    return parcel if size <= limit else f"{size} bytes are more than {parcel.topic.name} takes ({limit})"
