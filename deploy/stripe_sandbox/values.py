"""The JSON values that requests, records and replies are made of."""

from collections.abc import Mapping
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
JsonObject: TypeAlias = dict[str, Json]
Metadata: TypeAlias = dict[str, str]


def text(source: Mapping[str, Json], name: str) -> str | None:
    """The text under `name`; None when it is absent or was unset with an empty value."""
    value = source.get(name)
    return value if isinstance(value, str) and value else None


def whole(source: Mapping[str, Json], name: str) -> int | None:
    value = source.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def flag(source: Mapping[str, Json], name: str) -> bool:
    return source.get(name) is True


def nested(source: Mapping[str, Json], name: str) -> JsonObject:
    """The object under `name`; an empty one when it is absent."""
    value = source.get(name)
    return value if isinstance(value, dict) else {}
