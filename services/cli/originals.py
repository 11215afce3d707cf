"""The original of a dead letter: as it is written to its topic again, and as it is shown."""

from __future__ import annotations

import json
import re
from base64 import b64decode

from shared.contracts.catalog import BY_NAME
from shared.contracts.dead_letter import DeadLettered
from shared.contracts.envelope import CONTENT_TYPE_HEADERS, FlawError, Mode, mode_of
from shared.messaging.log import Parcel

Headers = tuple[tuple[str, bytes | None], ...]

# Ids may be shown: nothing else says whom or what it is about. One that looks like an address may not.
_NAME_OF_AN_ID = re.compile(r"(id|[a-z_]+_ids?|source|type|specversion|time|datacontenttype|correlationid|causationid)")
_ID = re.compile(r"[A-Za-z0-9/][A-Za-z0-9_.:+/-]{0,199}")
_FIELD = re.compile(r"[a-z][a-z0-9_]{0,39}")


class Lost(Exception):
    """There is no original to be written again. Says why, and who can mend it."""


def original(letter: DeadLettered) -> Parcel:
    """The untouched original, for its own topic. Raises `Lost`."""
    topic = BY_NAME.get(letter.source_topic)
    if topic is None:
        raise Lost(f"There is no topic {letter.source_topic} any more.")
    key = _bytes(letter.key_base64)
    if letter.value_base64 is None:
        if topic.personal_data:
            raise Lost("Of contacts only place and hash are kept. Ask upstream to publish this person again.")
        if letter.value_sha256 is not None:
            raise Lost("It was too large to be kept. Ask whoever wrote it to send it again, split.")
        if not (topic.tombstones and key):
            raise Lost(f"Its value was null, which means nothing on {topic.name}.")
    value = _bytes(letter.value_base64)
    parcel = Parcel(topic, key, value, _headers_for(value, _headers(letter)))
    if parcel.size_bytes() > topic.max_message_bytes:
        raise Lost(f"It is larger than {topic.name} takes. Ask whoever wrote it to send it again, split.")
    return parcel


def masked(letter: DeadLettered) -> object:
    """What the original looks like, without what people wrote: ids, numbers, and of everything else only its size."""
    value = _bytes(letter.value_base64)
    if value is None:
        return None
    try:
        parsed = json.loads(value)
    except ValueError:
        return f"no JSON: {len(value)} bytes"
    return _masked(parsed, is_id=False)


def content(letter: DeadLettered) -> str | None:
    """All of the original, as text; what is no UTF-8 is shown as replaced."""
    value = _bytes(letter.value_base64)
    return None if value is None else value.decode("utf-8", "replace")


def _headers(letter: DeadLettered) -> Headers:
    return tuple((header.name, _bytes(header.value_base64)) for header in letter.headers)


def _headers_for(value: bytes | None, headers: Headers) -> Headers:
    """One event out of a batch goes as one event: the batch's content type would make it unreadable for good."""
    try:
        in_batch = mode_of(headers) is Mode.BATCH
    except FlawError:
        return headers
    if not (in_batch and value is not None and value.lstrip().startswith(b"{")):
        return headers
    return (*(header for header in headers if header[0].lower() != "content-type"), *CONTENT_TYPE_HEADERS)


def _masked(value: object, *, is_id: bool) -> object:
    if isinstance(value, dict):
        return {_field(name): _masked(part, is_id=bool(_NAME_OF_AN_ID.fullmatch(name))) for name, part in value.items()}
    if isinstance(value, list):
        return [_masked(part, is_id=is_id) for part in value]
    if isinstance(value, str):
        return value if is_id and _ID.fullmatch(value) else f"({len(value)} characters)"
    return value


def _field(name: str) -> str:
    return name if _FIELD.fullmatch(name) else f"({len(name)} characters)"


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text)
