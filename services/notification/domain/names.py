"""Names as they may be shown: one line, of bounded length, without characters that could pass for something else."""

from __future__ import annotations

IN_TEXT_CHARACTERS = 80
IN_SUBJECT_CHARACTERS = 40

# Zero-width joiner and non-joiner: invisible, but some scripts and composed emoji need them. All other characters that
# are not printable go: line breaks (they would start a header or a paragraph), NUL, and the marks that turn the
# direction of writing (they would let a name rearrange the sentence around it).
_KEPT = frozenset("\u200c\u200d")


def shown(name: str, limit_characters: int = IN_TEXT_CHARACTERS) -> str:
    """`name` on one line, at most `limit_characters` long. Markup is not touched: whoever writes HTML escapes it."""
    # A name of 10,000 characters is legal; what is looked at is bounded before any work is done on it.
    candidate = name[: limit_characters * 10]
    visible = "".join(c if c.isprintable() or c in _KEPT else " " for c in candidate)
    line = " ".join(visible.split())
    if not line.strip("".join(_KEPT)):
        return ""
    return line if len(line) <= limit_characters else line[: limit_characters - 1].rstrip() + "…"
