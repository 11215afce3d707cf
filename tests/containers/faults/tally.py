"""What one oracle counted, held against what the driver remembers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

SHOWN = 5  # enough to look for in the logs


@dataclass(frozen=True)
class Tally:
    """`expected` and `found` say for each id how often, or how many credits, or how much money."""

    what: str
    expected: Mapping[str, int]
    found: Mapping[str, int]

    @property
    def lost(self) -> list[str]:
        """Of these there is less than there must be."""
        return sorted(name for name, number in self.expected.items() if self.found.get(name, 0) < number)

    @property
    def twice(self) -> list[str]:
        """Of these there is more than there may be; also what nobody sent."""
        return sorted(name for name, number in self.found.items() if number > self.expected.get(name, 0))

    def __str__(self) -> str:
        return "; ".join(self._told("less", self.lost) + self._told("more", self.twice)) or f"{self.what}: right"

    def _told(self, how: str, names: list[str]) -> list[str]:
        shown = ", ".join(f"{n} {self.found.get(n, 0)} for {self.expected.get(n, 0)}" for n in names[:SHOWN])
        return [f"{self.what}: {how} of {len(names)}: {shown}"] if names else []


def once(names: Iterable[str]) -> dict[str, int]:
    """Each of these exactly once."""
    return dict.fromkeys(names, 1)
