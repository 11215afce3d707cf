"""Why a message cannot be read: a code, and what it means. Part of the wire (dead letters); codes are only added."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Flaw(StrEnum):
    """The reason of a dead letter. `FLAW_MEANINGS` says what its reader should know."""

    NULL_VALUE = "null_value"
    TOO_LARGE = "too_large"
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


FLAW_MEANINGS: dict[Flaw, str] = {
    Flaw.NULL_VALUE: "The value is null where null means nothing. Only directory and contact take tombstones.",
    Flaw.TOO_LARGE: "Uncompressed it exceeds the topic's size limit. Kept by place and hash only; split it.",
    Flaw.NOT_JSON: "The value is not JSON in UTF-8. Look for a cut line, a byte order mark or another encoding.",
    Flaw.NOT_AN_OBJECT: "JSON, but not an object (for a batch: not an array of at least one). One event is one object.",
    Flaw.UNSUPPORTED_CONTENT_TYPE: "The content-type header names a format that is not read. Leave it out, or fix it.",
    Flaw.UNSUPPORTED_SPECVERSION: "Another CloudEvents version than 1.0.",
    Flaw.MISSING_ATTRIBUTE: "The envelope lacks specversion, id, source, type or data.",
    Flaw.INVALID_ATTRIBUTE: "An envelope attribute is not a short printable string, or time is not RFC 3339.",
    Flaw.BATCH_NOT_ALLOWED: "A batch on a topic that takes one event per message.",
    Flaw.BATCH_TOO_LONG: "A batch of more events than one message may hold. Split it.",
    Flaw.UNKNOWN_TYPE: "This topic does not carry this type. Wrong topic, or a misspelt type.",
    Flaw.UNKNOWN_VERSION: "The type is known, in another version only. Upgrade the consumer, or send the known one.",
    Flaw.INVALID_DATA: "A field is missing, of the wrong type or out of bounds; the detail names it.",
    Flaw.KEY_MISMATCH: "The Kafka key is missing or disagrees with the body, or a batch mixes workspaces.",
    Flaw.QUARANTINED: "Readable; a person set it aside because its handler failed on it. The detail says who and why.",
}


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An element that cannot be read: a code, what and where, and its own bytes (None: place and hash only)."""

    flaw: Flaw
    detail: str
    original: bytes | None


class FlawError(Exception):
    """Carries a flaw out of the reading of one element."""

    def __init__(self, flaw: Flaw, detail: str) -> None:
        super().__init__(detail)
        self.flaw = flaw
        self.detail = detail
