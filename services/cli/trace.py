"""Requests to a real LLM service as usage: rows of time, context tokens, generated tokens.

Source of the format: Azure LLM inference trace 2023 (`TIMESTAMP,ContextTokens,GeneratedTokens`).
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.contracts.product import UsageReported

HEADER = ("TIMESTAMP", "ContextTokens", "GeneratedTokens")
ACTION = "chat-tokens"

_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)
_COUNT = re.compile(r"\d{1,9}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pricing:
    """What a row costs: units of `action`, priced by the catalog; or credits for every started 1,000 tokens."""

    action: str = ACTION
    credits_per_1000_tokens: int | None = None

    def measure(self, tokens: int) -> dict[str, str | int]:
        """The part of a usage that says how much."""
        if self.credits_per_1000_tokens is None:
            return {"action": self.action, "quantity": tokens}
        return {"credits": -(-tokens // 1_000) * self.credits_per_1000_tokens}


def is_trace(first_line: str) -> bool:
    """Whether a file that begins with this line is such a trace."""
    return tuple(word.strip() for word in first_line.lstrip("\ufeff").split(",")) == HEADER


def usage_of_row(
    line: str, *, usage_id: str, workspace_id: str, user_id: str, pricing: Pricing = Pricing()
) -> UsageReported:
    """One row as a usage. Times have no zone in the file and are taken as UTC. Raises ValueError."""
    cells = next(csv.reader([line]), [])
    if len(cells) != len(HEADER):
        raise ValueError(f"{len(cells)} columns instead of {len(HEADER)}: {', '.join(HEADER)}")
    moment, *counts = (cell.strip() for cell in cells)
    if not _TIMESTAMP.fullmatch(moment):
        raise ValueError("TIMESTAMP must look like 2023-11-16 18:15:46.68")
    if not all(_COUNT.fullmatch(count) for count in counts):
        raise ValueError("ContextTokens and GeneratedTokens must be whole numbers")
    measure = pricing.measure(sum(int(count) for count in counts))
    return UsageReported.model_validate(
        {
            "usage_id": usage_id,
            "workspace_id": workspace_id,
            "user_id": user_id,
            "occurred_at": datetime.fromisoformat(moment).replace(tzinfo=UTC),
            **measure,
        }
    )


def usage_ids(content: bytes) -> Iterator[str]:
    """An id for each line of a file, from its content: imported again, it is the same usage (C11)."""
    fingerprint = hashlib.sha256(content).hexdigest()[:16]
    number = 0
    while True:
        number += 1
        yield f"trace-{fingerprint}-{number}"


def read_trace(path: Path, *, workspace_id: str, user_id: str, pricing: Pricing = Pricing()) -> Iterable[UsageReported]:
    """Every row of a file that is known to be good, as usage of one member. Raises ValueError at the first bad row."""
    content = path.read_bytes()
    for number, (line, usage_id) in enumerate(zip(content.decode().splitlines(), usage_ids(content), strict=False)):
        if number == 0 and not is_trace(line):
            raise ValueError(f"{path} does not begin with {','.join(HEADER)}")
        if number and line.strip():
            yield usage_of_row(line, usage_id=usage_id, workspace_id=workspace_id, user_id=user_id, pricing=pricing)
