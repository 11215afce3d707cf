"""The elements of a JSON array as they came, byte for byte: what a dead letter of a batch's element must hold."""

from __future__ import annotations

import re

# A string whole, or one of the characters that shape arrays and objects. Only those decide where an element ends.
_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{},]', re.DOTALL)

_OPENING = b"[{"
_CLOSING = b"]}"


def slices(array: bytes) -> list[bytes]:
    """Cut `array`, which must be valid JSON and an array, at its outermost commas."""
    cut: list[bytes] = []
    depth = start = 0
    for token in _TOKEN.finditer(array):
        character = array[token.start()]
        if character in _OPENING:
            depth += 1
            if depth == 1:
                start = token.end()
        elif character in _CLOSING:
            depth -= 1
            if depth == 0:
                cut.append(array[start : token.start()].strip())
        elif depth == 1 and character == ord(","):
            cut.append(array[start : token.start()].strip())
            start = token.end()
    return cut
