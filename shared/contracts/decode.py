"""From a Kafka message to messages of ours: envelope, then type, then data, then key. What cannot be read says why."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from pydantic import ValidationError

from shared.contracts.envelope import Envelope, Flaw, FlawError, Headers, Unreadable, read
from shared.contracts.message import Message
from shared.contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Decoded:
    """One readable event."""

    envelope: Envelope
    message: Message


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A null value on a compacted inbound topic: `key` names what is gone."""

    key: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """A type that our own newer producer writes and this consumer does not know yet: counted, not dead-lettered."""

    type: str


Element = Decoded | Tombstone | Ignored | Unreadable


def decode(topic: Topic, key: bytes | None, value: bytes | None, headers: Headers) -> list[Element]:
    """Read one Kafka message of `topic`. Always at least one element; only a batch-mode message gives more."""
    if value is None:
        return [_tombstone(topic, key)]
    events = read(value, headers, batch_allowed=topic.batch_mode)
    return [event if isinstance(event, Unreadable) else _decode_event(topic, key, event, value) for event in events]


def _tombstone(topic: Topic, key: bytes | None) -> Element:
    if topic.cleanup != "compact":
        return Unreadable(Flaw.NULL_VALUE, "null means nothing on a topic without compaction; send an event", None)
    if not key:
        return Unreadable(Flaw.KEY_MISMATCH, "a tombstone needs a key that names what is gone", None)
    try:
        return Tombstone(key.decode("utf-8"))
    except UnicodeDecodeError:
        return Unreadable(Flaw.KEY_MISMATCH, "the key is not UTF-8", None)


def _decode_event(topic: Topic, key: bytes | None, envelope: Envelope, value: bytes) -> Element:
    try:
        message_type = topic.message_of(envelope.type)
        if message_type is None:
            if not topic.inbound:
                return Ignored(envelope.type)
            raise _unknown_type(topic, envelope.type)
        message = _read_data(message_type, envelope)
        _check_key(topic, key, message)
        return Decoded(envelope, message)
    except FlawError as error:
        return Unreadable(error.flaw, error.detail, orjson.dumps(envelope.data) if topic.batch_mode else value)


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


def _check_key(topic: Topic, key: bytes | None, message: Message) -> None:
    if key is None and topic.key_rule == "optional":
        return
    if key is None:
        raise FlawError(Flaw.KEY_MISMATCH, f"{topic.name} is keyed by {topic.keyed_by}; send the key {message.key()!r}")
    if key != message.key().encode():
        raise FlawError(Flaw.KEY_MISMATCH, f"the key disagrees with the body; the body's key is {message.key()!r}")
