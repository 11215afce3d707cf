"""Entities that are published whole with a growing version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from shared.contracts.workspace import ContactChanged, MemberChanged, WorkspaceChanged

Entity = TypeVar("Entity", WorkspaceChanged, MemberChanged, ContactChanged)


def newest_of(changed: Iterable[Entity]) -> list[Entity]:
    """The highest version of each entity, the first of equals: one statement can write a row only once."""
    newest: dict[str, Entity] = {}
    for entity in changed:
        known = newest.get(entity.key())
        if known is None or entity.version > known.version:
            newest[entity.key()] = entity
    return list(newest.values())
