"""Where the time comes from. Handlers never look at a clock: they are given a reading."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time, always with a zone."""

    def now(self) -> datetime:
        """The present instant in UTC."""


class SystemClock:
    """The machine's own."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)
