"""What may never stand in a log line: secrets, personal data, payloads. By the field's name, then by its look."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

GONE = "[redacted]"

# A field whose name contains one of these words holds a secret or a person's data.
SECRET_WORDS = (
    "secret", "password", "passwd", "authorization", "api_key", "apikey", "token", "cookie", "signature", "credential",
    "card", "database_url", "dsn", "conninfo",
)  # fmt: skip
PERSONAL_WORDS = (
    "email",
    "mail_to",
    "recipient",
    "address",
    "phone",
    "display_name",
    "full_name",
    "first_name",
    "last_name",
)
# Exactly these names: as parts of words they are harmless (`event_name`, `hostname`).
PERSONAL_NAMES = frozenset({"name", "to", "language"})
# A message's content does not belong in a log line, whatever it holds; its place in the log of Kafka does.
PAYLOADS = frozenset(
    {"payload", "body", "value", "data", "message", "request", "response", "original", "headers", "params"}
)
# Contain such a word and are harmless: ids of ours, needed to follow a story.
HARMLESS = frozenset({"lease_token", "token_count"})

# Stripe's keys, webhook secrets and client secrets; passwords in addresses; e-mail addresses; bearer headers.
_PATTERNS = (
    re.compile(r"\b[rs]k_(?:test|live)_\w+"),
    re.compile(r"\bwhsec_\w+"),
    re.compile(r"\b\w+_secret_\w+"),
    re.compile(r"(?<=://)[^\s/@]+@"),
    re.compile(r"(?i)\b(?:bearer|basic)\s+[\w.~+/=-]+"),
    re.compile(r"(?i)\b(?:password|passwd|client_secret|api_key)\s*[=:]\s*\S+"),
    re.compile(r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
)
_MAX_CHARACTERS = 2_000
# What is cleaned before it is cut: enough for any secret that starts before the cut to be seen whole.
_LOOKED_AT = 2 * _MAX_CHARACTERS


def redact(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without what must not be said: the name stays, so that one sees that something was there."""
    return {name: GONE if _is_private(name) else _clean(value) for name, value in fields.items()}


def safe_text(text: str) -> str:
    """A text without anything that looks like a secret or an address, on one line, at most 2,000 characters."""
    text = text[:_LOOKED_AT]
    for pattern in _PATTERNS:
        text = pattern.sub(GONE, text)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."


def _is_private(name: str) -> bool:
    word = name.lower()
    if word in HARMLESS:
        return False
    private = word in PERSONAL_NAMES or word in PAYLOADS
    return private or any(part in word for part in SECRET_WORDS + PERSONAL_WORDS)


def _clean(value: object) -> object:
    if isinstance(value, str):
        return safe_text(value)
    if isinstance(value, Mapping):
        return redact({str(name): inner for name, inner in value.items()})
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(inner) for inner in value]
    return value if isinstance(value, (int, float, bool, type(None))) else safe_text(str(value))
