"""Text as PostgreSQL can store it."""

from __future__ import annotations


def storable(text: str) -> str:
    """`text` with the one character of a JSON string that PostgreSQL cannot store, NUL, replaced by U+FFFD."""
    return text.replace("\x00", "\ufffd")
