"""CloudEvents 1.0 for Kafka: structured mode is written; structured, binary and batch mode are read.

Source: "CloudEvents - Version 1.0.2" and "Kafka Protocol Binding for CloudEvents - Version 1.0.2".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
CONTENT_TYPE_HEADERS: tuple[tuple[str, bytes], ...] = (("content-type", STRUCTURED.encode()),)

MAX_ELEMENTS = 10_000  # events in one batch-mode message: one Kafka message stays one bounded piece of work
MAX_ATTRIBUTE_CHARACTERS = 512  # id, source, subject: they become keys and columns

Headers = Sequence[tuple[str, bytes]]


class Flaw(StrEnum):
    """Why a message cannot be read. Becomes the reason of its dead letter; codes are only added."""

    NULL_VALUE = "null_value"
    NOT_JSON = "not_json"
    NOT_AN_OBJECT = "not_an_object"
    UNSUPPORTED_CONTENT_TYPE = "unsupported_content_type"
    UNSUPPORTED_SPECVERSION = "unsupported_specversion"
    MISSING_ATTRIBUTE = "missing_attribute"
    INVALID_ATTRIBUTE = "invalid_attribute"
    BATCH_NOT_ALLOWED = "batch_not_allowed"
    BATCH_TOO_LONG = "batch_too_long"
    UNKNOWN_TYPE = "unknown_type"
    UNKNOWN_VERSION = "unknown_version"
    INVALID_DATA = "invalid_data"
    KEY_MISMATCH = "key_mismatch"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """One element that cannot be read: a code, what and where, and the element as it came."""

    flaw: Flaw
    detail: str
    original: bytes | None


@dataclass(frozen=True, slots=True)
class Envelope:
    """The context of one event, and its data as parsed JSON. `time` is the producer's claim, never a clock of decisions."""

    id: str
    source: str
    type: str
    time: datetime
    data: Any
    subject: str | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None


class FlawError(Exception):
    """Carries a flaw out of the reading of one element."""

    def __init__(self, flaw: Flaw, detail: str) -> None:
        super().__init__(detail)
        self.flaw = flaw
        self.detail = detail


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


def read(value: bytes, headers: Headers, *, batch_allowed: bool) -> list[Envelope | Unreadable]:
    """Read the events of one Kafka message in any of the three modes. A bad element of a batch spoils only itself."""
    try:
        mode = _content_type(headers)
        if mode == STRUCTURED:
            return [_from_object(_parse(value))]
        if mode == BATCH:
            return _from_batch(value, batch_allowed=batch_allowed)
        return [_from_headers(headers, value)]
    except FlawError as error:
        return [Unreadable(error.flaw, error.detail, value)]


def _content_type(headers: Headers) -> str:
    """No header at all means structured mode: a line typed into a console producer is a whole event."""
    named = {name.lower(): content for name, content in headers}
    declared = named.get("content-type", STRUCTURED.encode()).split(b";")[0].strip().lower().decode("utf-8", "replace")
    if declared in (STRUCTURED, BATCH):
        return declared
    if "ce_specversion" in named and declared == "application/json":
        return "binary"
    raise FlawError(
        Flaw.UNSUPPORTED_CONTENT_TYPE,
        f"content-type is {declared[:100]!r}; send {STRUCTURED}, {BATCH}, or ce_ headers with application/json",
    )


def _parse(value: bytes) -> Any:
    try:
        return orjson.loads(value)
    except orjson.JSONDecodeError as error:
        raise FlawError(Flaw.NOT_JSON, f"the value is not JSON: {error}") from error


def _from_batch(value: bytes, *, batch_allowed: bool) -> list[Envelope | Unreadable]:
    if not batch_allowed:
        raise FlawError(Flaw.BATCH_NOT_ALLOWED, "this topic takes one event per message")
    elements = _parse(value)
    if not isinstance(elements, list):
        raise FlawError(Flaw.NOT_AN_OBJECT, "a batch is a JSON array of events")
    if len(elements) > MAX_ELEMENTS:
        raise FlawError(Flaw.BATCH_TOO_LONG, f"{len(elements)} events in one message; send at most {MAX_ELEMENTS}")
    return [_element(element) for element in elements]


def _element(element: Any) -> Envelope | Unreadable:
    try:
        return _from_object(element)
    except FlawError as error:
        return Unreadable(error.flaw, error.detail, orjson.dumps(element))


def _from_headers(headers: Headers, value: bytes) -> Envelope:
    event: dict[str, Any] = {}
    for name, content in headers:
        if name.lower().startswith("ce_"):
            try:
                event[name.lower()[3:]] = content.decode("utf-8")
            except UnicodeDecodeError as error:
                raise FlawError(Flaw.INVALID_ATTRIBUTE, f"header {name[:50]!r} is not UTF-8") from error
    event["data"] = _parse(value)
    return _from_object(event)


def _from_object(event: Any) -> Envelope:
    if not isinstance(event, dict):
        raise FlawError(Flaw.NOT_AN_OBJECT, f"an event is a JSON object, not {type(event).__name__}")
    if event.get("specversion", "") != "1.0":
        if "specversion" not in event:
            raise FlawError(Flaw.MISSING_ATTRIBUTE, 'specversion is missing; write "specversion": "1.0"')
        raise FlawError(Flaw.UNSUPPORTED_SPECVERSION, 'specversion must be "1.0"')
    if "data" not in event:
        raise FlawError(Flaw.MISSING_ATTRIBUTE, "data is missing")
    return Envelope(
        id=_required(event, "id"),
        source=_required(event, "source"),
        type=_required(event, "type"),
        time=_time(event.get("time")),
        data=event["data"],
        subject=_optional(event, "subject"),
        correlation_id=_optional(event, "correlationid"),
        causation_id=_optional(event, "causationid"),
        traceparent=_optional(event, "traceparent"),
    )


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
    if not isinstance(value, str) or len(value) > MAX_ATTRIBUTE_CHARACTERS or not value.isprintable():
        raise FlawError(
            Flaw.INVALID_ATTRIBUTE,
            f"{name} must be a printable string of at most {MAX_ATTRIBUTE_CHARACTERS} characters",
        )
    return value


_UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)

# RFC 3339, which CloudEvents asks for; the parser below would also take "2026-W01", a space for the T, and no offset.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


def _time(value: object) -> datetime:
    """CloudEvents makes `time` optional; it is kept as information only."""
    if value is None:
        return _UNKNOWN_TIME
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        try:
            return datetime.fromisoformat(value.upper())
        except ValueError:
            pass
    raise FlawError(Flaw.INVALID_ATTRIBUTE, "time must be an RFC 3339 timestamp, for example 2026-01-31T12:00:00Z")
