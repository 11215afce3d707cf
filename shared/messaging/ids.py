"""Ids made while handling: derived from their cause, so that a replay or a restored database makes the same ones."""

from __future__ import annotations

from uuid import UUID, uuid5

# Made once, at random, for this project; changing it would make replays publish the same facts under new ids.
NAMESPACE = UUID("6f1f6f0c-52f4-4c0b-9a6e-8d0f6b3a2f4e")


def derive(*parts: str | int) -> UUID:
    """A UUIDv5 of the parts, joined unambiguously (each is written with its length)."""
    return uuid5(NAMESPACE, "".join(f"{len(str(part))}:{part}" for part in parts))
