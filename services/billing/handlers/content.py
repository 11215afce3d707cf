"""What makes two commands the same: their content, whoever delivers them and however often (B7)."""

from __future__ import annotations

import hashlib

import orjson

from shared.contracts.message import Message


def content_hash(command: Message) -> bytes:
    """SHA-256 of the command's own fields, sorted; 32 bytes. Fields we do not know are not among them."""
    return hashlib.sha256(orjson.dumps(command.wire(), option=orjson.OPT_SORT_KEYS)).digest()
