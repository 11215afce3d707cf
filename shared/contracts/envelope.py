"""CloudEvents 1.0 for Kafka: structured mode is written; structured, binary and batch mode are read.

Sources, all of version 1.0.2: "CloudEvents", "JSON Event Format for CloudEvents" and "Kafka Protocol Binding for
CloudEvents" (whose headers, other than HTTP's, are plain UTF-8 without percent-encoding).
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import orjson

from shared.contracts.flaws import Flaw, FlawError, Unreadable
from shared.contracts.instants import instant

__all__ = [
    "BATCH",
    "CONTENT_TYPE_HEADERS",
    "MAX_ATTRIBUTE_BYTES",
    "MAX_ELEMENTS",
    "STRUCTURED",
    "Envelope",
    "Flaw",
    "FlawError",
    "Headers",
    "Mode",
    "Unreadable",
    "mode_of",
    "read",
    "write",
]

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
CONTENT_TYPE_HEADERS: tuple[tuple[str, bytes], ...] = (("content-type", STRUCTURED.encode()),)

MAX_ELEMENTS = 10_000  # events in one batch-mode message: one Kafka message stays one bounded piece of work

# id, source, type, subject: they become indexed columns, two together in a PostgreSQL index row of at most 2,704 bytes.
MAX_ATTRIBUTE_BYTES = 512

Headers = Sequence[tuple[str, bytes | None]]


class Mode(Enum):
    """How a Kafka message carries its events."""

    STRUCTURED = "structured"
    BINARY = "binary"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Envelope:
    """The context of one event, and its data as parsed JSON. `time` is the producer's claim, no clock of decisions."""

    id: str
    source: str
    type: str
    time: datetime
    data: Any
    subject: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None


def write(envelope: Envelope) -> bytes:
    """One event in structured mode: the Kafka value is one JSON object."""
    event: dict[str, Any] = {
        "specversion": "1.0",
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "time": envelope.time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
    }
    optional = {
        "subject": envelope.subject,
        "correlationid": envelope.correlation_id,
        "causationid": envelope.causation_id,
        "traceparent": envelope.traceparent,
    }
    event.update({name: value for name, value in optional.items() if value is not None})
    event["data"] = envelope.data
    return orjson.dumps(event)


def read(value: bytes, headers: Headers, *, batch_allowed: bool) -> list[Envelope | FlawError]:
    """Read the events of one Kafka message in any of the three modes. A bad element of a batch spoils only itself.

    Raises `FlawError` when the message as a whole cannot be read.
    """
    mode = mode_of(headers)
    if mode is Mode.STRUCTURED:
        return [_from_object(_parse(value))]
    if mode is Mode.BINARY:
        return [_from_headers(headers, value)]
    if not batch_allowed:
        raise FlawError(Flaw.BATCH_NOT_ALLOWED, "this topic takes one event per message")
    return _from_batch(_parse(value))


def mode_of(headers: Headers) -> Mode:
    """No header at all means structured mode: a line typed into a console producer is a whole event.

    Raises `FlawError` when the content type is none that is read here.
    """
    if not headers:
        return Mode.STRUCTURED
    named = {name.lower(): content for name, content in headers}
    content_type = named.get("content-type")
    media_type = "" if content_type is None else content_type.split(b";")[0].strip().lower().decode("utf-8", "replace")
    if media_type == STRUCTURED:
        return Mode.STRUCTURED
    if media_type == BATCH:
        return Mode.BATCH
    if "ce_specversion" in named and media_type in ("application/json", ""):
        return Mode.BINARY
    if not media_type:
        return Mode.STRUCTURED
    raise FlawError(
        Flaw.UNSUPPORTED_CONTENT_TYPE,
        f"content-type is {media_type[:100]!r}; send {STRUCTURED}, {BATCH}, or ce_ headers with application/json",
    )


def _parse(value: bytes) -> object:
    """orjson refuses NaN, bad UTF-8, lone surrogates and more than 1,024 levels; of a doubled key the last one wins."""
    try:
        parsed: object = orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise FlawError(Flaw.NOT_JSON, f"the value is not JSON: {error}") from error
    return parsed


def _from_batch(elements: object) -> list[Envelope | FlawError]:
    if not isinstance(elements, list):
        raise FlawError(Flaw.NOT_AN_OBJECT, "a batch is a JSON array of events")
    if not elements:
        raise FlawError(Flaw.NOT_AN_OBJECT, "a batch of no events")
    if len(elements) > MAX_ELEMENTS:
        raise FlawError(Flaw.BATCH_TOO_LONG, f"{len(elements)} events in one message; send at most {MAX_ELEMENTS}")
    return [_element(element) for element in elements]


def _element(element: object) -> Envelope | FlawError:
    try:
        return _from_object(element)
    except FlawError as error:
        return error


def _from_headers(headers: Headers, value: bytes) -> Envelope:
    event: dict[str, Any] = {}
    for name, content in headers:
        if name.lower().startswith("ce_") and content is not None:
            try:
                event[name.lower()[3:]] = content.decode("utf-8")
            except UnicodeDecodeError as error:
                raise FlawError(Flaw.INVALID_ATTRIBUTE, f"header {name[:50]!r} is not UTF-8") from error
    event["data"] = _parse(value)
    return _from_object(event)


def _from_object(event: object) -> Envelope:
    if not isinstance(event, dict):
        raise FlawError(Flaw.NOT_AN_OBJECT, f"an event is a JSON object, not {type(event).__name__}")
    if event.get("specversion") != "1.0":
        if "specversion" not in event:
            raise FlawError(Flaw.MISSING_ATTRIBUTE, 'specversion is missing; write "specversion": "1.0"')
        raise FlawError(Flaw.UNSUPPORTED_SPECVERSION, 'specversion must be "1.0"')
    return Envelope(
        id=_required(event, "id"),
        source=_required(event, "source"),
        type=_required(event, "type"),
        time=_time(event.get("time")),
        data=event["data"] if "data" in event else _binary_data(event),
        subject=_optional(event, "subject"),
        correlation_id=_optional(event, "correlationid"),
        causation_id=_optional(event, "causationid"),
        traceparent=_optional(event, "traceparent"),
    )


def _binary_data(event: dict[str, Any]) -> object:
    """JSON format 3.1.1: data that the producer held as bytes stands in `data_base64`; it is JSON all the same."""
    encoded = event.get("data_base64")
    if encoded is None:
        raise FlawError(Flaw.MISSING_ATTRIBUTE, "data is missing")
    try:
        return _parse(base64.b64decode(encoded, validate=True))
    except (TypeError, ValueError, binascii.Error) as error:
        raise FlawError(Flaw.INVALID_ATTRIBUTE, "data_base64 must be base64 text") from error


def _required(event: dict[str, Any], name: str) -> str:
    value = _optional(event, name)
    if not value:
        raise FlawError(Flaw.MISSING_ATTRIBUTE, f"{name} is missing or empty")
    return value


def _optional(event: dict[str, Any], name: str) -> str | None:
    value = event.get(name)
    if value is None:
        return None
    # CloudEvents "String": no control characters. PostgreSQL cannot store NUL, logs must not be split by CR or LF.
    if isinstance(value, str) and value.isprintable() and _fits(value):
        return value
    raise FlawError(
        Flaw.INVALID_ATTRIBUTE, f"{name} must be a printable string of at most {MAX_ATTRIBUTE_BYTES} bytes in UTF-8"
    )


def _fits(value: str) -> bool:
    return len(value) <= MAX_ATTRIBUTE_BYTES and (value.isascii() or len(value.encode()) <= MAX_ATTRIBUTE_BYTES)


_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)


def _time(value: object) -> datetime:
    """CloudEvents makes `time` optional; it is kept as information only."""
    if value is None:
        return _UNKNOWN_TIME
    try:
        return instant(value)
    except ValueError as error:
        raise FlawError(Flaw.INVALID_ATTRIBUTE, f"time: {error}") from error
