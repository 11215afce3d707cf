"""From a Kafka message to messages of ours: envelope, then type, then data, then key. What cannot be read says why."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pydantic import ValidationError

from shared.contracts.batch_slices import slices
from shared.contracts.envelope import Envelope, Headers, Mode, mode_of, read
from shared.contracts.flaws import Flaw, FlawError, Unreadable
from shared.contracts.message import Message
from shared.contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Decoded:
    """One readable event."""

    envelope: Envelope
    message: Message


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A null value on a topic that takes them: `key` names what is gone."""

    key: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A type that our own newer producer writes and this consumer does not know yet: counted, not dead-lettered."""

    type: str


Element = Decoded | Tombstone | Ignored | Unreadable

# What a tombstone may name: an id, or two joined by a slash. It becomes a key in PostgreSQL.
_ENTITY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,127}(/[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,127})?")


def decode(topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> list[Element]:
    """Read one Kafka message of `topic`. Always at least one element; only a batch-mode message gives more.

    Never raises: whatever cannot be read is an `Unreadable` at its place in the list. Its `original` is the untouched
    value of a single message, or the element's own bytes in a batch; None where it is null or too large to be kept.
    """
    if value is None:
        return [_tombstone(topic, key)]
    size_bytes = _size_bytes(key, value, headers)
    if size_bytes > topic.max_message_bytes:
        # The broker's limit counts compressed bytes: a small message can unpack to one that no dead letter could hold.
        detail = f"{size_bytes} bytes uncompressed; {topic.name} takes at most {topic.max_message_bytes}"
        return [Unreadable(Flaw.TOO_LARGE, detail, None)]
    try:
        events = read(value, headers, batch_allowed=topic.batch_mode)
    except FlawError as error:
        return [Unreadable(error.flaw, error.detail, value)]
    return _with_originals(_decode_events(topic, key, events), value, headers)


def _size_bytes(key: bytes | None, value: bytes, headers: Headers) -> int:
    size = len(value) + len(key or b"")
    return size + sum(len(name) + len(content or b"") for name, content in headers) if headers else size


def _tombstone(topic: Topic, key: bytes | None) -> Element:
    if not topic.tombstones:
        return Unreadable(Flaw.NULL_VALUE, f"null means nothing on {topic.name}; send an event", None)
    name = (key or b"").decode("utf-8", "replace")
    if not _ENTITY.fullmatch(name):
        return Unreadable(Flaw.KEY_MISMATCH, f"a tombstone's key names what is gone: {topic.keyed_by}", None)
    return Tombstone(name)


def _decode_events(
    topic: Topic, key: bytes | None, events: list[Envelope | FlawError]
) -> list[Decoded | Ignored | FlawError]:
    """A batch is one entity's: every element answers to the message's key or, without one, to its first element's."""
    elements: list[Decoded | Ignored | FlawError] = []
    expected = key or None  # some console producers write an empty key for none
    for event in events:
        if isinstance(event, FlawError):
            elements.append(event)
            continue
        try:
            element = _decode_event(topic, event)
            if isinstance(element, Decoded):
                own = element.message.key().encode()
                if own != expected:
                    _settle_key(topic, own, expected)
                    expected = own
            elements.append(element)
        except FlawError as error:
            elements.append(error)
    return elements


def _settle_key(topic: Topic, own: bytes, expected: bytes | None) -> None:
    """The key is absent or another than the body's. Only an absent one can be right, where it may be left out."""
    name = own.decode()
    if expected is not None:
        raise FlawError(Flaw.KEY_MISMATCH, f"the key (or the batch's first event) disagrees with the body's, {name!r}")
    if topic.key_rule == "entity":
        raise FlawError(Flaw.KEY_MISMATCH, f"{topic.name} is keyed by {topic.keyed_by}; send the key {name!r}")


def _decode_event(topic: Topic, envelope: Envelope) -> Decoded | Ignored:
    message_type = topic.message_of(envelope.type)
    if message_type is not None:
        return Decoded(envelope, _read_data(message_type, envelope))
    if not topic.inbound:
        return Ignored(envelope.type)
    raise _unknown_type(topic, envelope.type)


def _unknown_type(topic: Topic, name: str) -> FlawError:
    stem = name.rpartition(".v")[0]
    known = sorted(message.type for message in topic.messages)
    if stem and any(other.rpartition(".v")[0] == stem for other in known):
        return FlawError(Flaw.UNKNOWN_VERSION, f"{name!r} is of a version not read here; known: {', '.join(known)}")
    return FlawError(Flaw.UNKNOWN_TYPE, f"{name!r} does not belong on {topic.name}; known: {', '.join(known)}")


def _read_data(message_type: type[Message], envelope: Envelope) -> Message:
    try:
        return message_type.read(envelope.data)
    except ValidationError as error:
        # Never the input itself: it may hold personal data, and a dead letter's reason is read by people and logged.
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        shown = "; ".join(
            f"{'.'.join(map(str, problem['loc'])) or 'data'}: {problem['msg']}" for problem in problems[:10]
        )
        raise FlawError(Flaw.INVALID_DATA, shown) from error


def _with_originals(elements: list[Decoded | Ignored | FlawError], value: bytes, headers: Headers) -> list[Element]:
    if not any(isinstance(element, FlawError) for element in elements):
        return list(elements)  # type: ignore[arg-type]  # no flaw among them, as just seen
    originals = slices(value) if mode_of(headers) is Mode.BATCH else [value]
    return [
        Unreadable(element.flaw, element.detail, original) if isinstance(element, FlawError) else element
        for element, original in zip(elements, originals, strict=True)
    ]
