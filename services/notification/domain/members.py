"""The people of a workspace as far as they are told something because of their role (A3, N2)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

OWNER = frozenset({"owner"})
DECIDERS = frozenset({"owner", "admin"})


@dataclass(frozen=True, slots=True)
class Deciders:
    """Owner and admins of one workspace, from this service's own projection (N3): user id to role."""

    roles: dict[str, str] = field(default_factory=dict)

    def holding(self, roles: frozenset[str]) -> list[str]:
        """The people who hold one of `roles`, in a stable order."""
        return sorted(user_id for user_id, role in self.roles.items() if role in roles)


def others(people: Iterable[str], than: str) -> list[str]:
    """Everyone but one: the asker is not told of the own request, the owner not twice of the own account (N1)."""
    return [user_id for user_id in people if user_id != than]
