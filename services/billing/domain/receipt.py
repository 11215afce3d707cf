"""The receipt of a paid purchase: a number to name it by. What was taxed is said by the processor's own receipt."""

from __future__ import annotations

import base64
import hashlib

CHARACTERS = 12  # 60 bits: two purchases of one number are not met with


def receipt_number(purchase_id: str) -> str:
    """`R-` and three groups of letters and digits, derived from the purchase: told again it is the same number."""
    digest = hashlib.sha256(b"receipt " + purchase_id.encode()).digest()
    text = base64.b32encode(digest).decode()[:CHARACTERS]
    return f"R-{text[:4]}-{text[4:8]}-{text[8:]}"
