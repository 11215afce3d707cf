"""Is a change to a v1 message additive? What was on the wire must stay readable, and what will be must not surprise."""

from __future__ import annotations

from collections.abc import Iterator

from shared.contracts.documents.schemas import Json, JsonObject

# (keyword, is a smaller value narrower?): a lower maximum refuses what was allowed, so does a higher minimum.
_BOUNDS = (
    ("maximum", True),
    ("maxLength", True),
    ("maxItems", True),
    ("minimum", False),
    ("minLength", False),
    ("minItems", False),
)
_FIXED = ("type", "pattern", "format", "const")


def breaking_changes(old: JsonObject, new: JsonObject) -> list[str]:
    """Every way in which `new` is no additive successor of `old`, each with its path. Empty: the change is allowed.

    Allowed: new optional fields, new enum values, wider bounds, other words in descriptions. Not allowed: a field gone
    or newly required (old events lack it), or no longer required (old consumers need it); another type, pattern or
    format; an enum value gone; narrower bounds; another way to combine fields.
    """
    return list(_compare(old, new, _Roots(old, new), ""))


class _Roots:
    """Where each side's `$ref` points to. Parts refer to parts but never back, so following them ends."""

    def __init__(self, old: JsonObject, new: JsonObject) -> None:
        self._old = old.get("$defs", {})
        self._new = new.get("$defs", {})

    def old(self, node: Json) -> JsonObject:
        return _resolved(node, self._old)

    def new(self, node: Json) -> JsonObject:
        return _resolved(node, self._new)


def _resolved(node: Json, parts: Json) -> JsonObject:
    if not isinstance(node, dict) or not isinstance(parts, dict):
        return {}
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return node
    part = parts.get(reference.rpartition("/")[2])
    return part if isinstance(part, dict) else {}


def _compare(old_node: Json, new_node: Json, roots: _Roots, path: str) -> Iterator[str]:
    old, new = roots.old(old_node), roots.new(new_node)
    for keyword in _FIXED:
        if old.get(keyword) != new.get(keyword):
            yield f"{path or 'data'}: {keyword} was {old.get(keyword)!r}, is {new.get(keyword)!r}"
    yield from _bounds(old, new, path)
    yield from _values(old, new, path)
    yield from _fields(old, new, roots, path)
    if "items" in old or "items" in new:
        yield from _compare(old.get("items"), new.get("items"), roots, f"{path}[]")
    for keyword in ("anyOf", "oneOf", "allOf"):
        yield from _alternatives(keyword, old, new, roots, path)


def _bounds(old: JsonObject, new: JsonObject, path: str) -> Iterator[str]:
    for keyword, smaller_is_narrower in _BOUNDS:
        before, after = old.get(keyword), new.get(keyword)
        if before == after or after is None:
            continue
        if (
            not isinstance(before, (int, float))
            or not isinstance(after, (int, float))
            or (after < before) == smaller_is_narrower
        ):
            yield f"{path or 'data'}: {keyword} was {before!r}, is {after!r}"


def _values(old: JsonObject, new: JsonObject, path: str) -> Iterator[str]:
    before, after = old.get("enum"), new.get("enum")
    if isinstance(before, list) and isinstance(after, list):
        for value in before:
            if value not in after:
                yield f"{path or 'data'}: value {value!r} is gone"
    elif before != after:
        yield f"{path or 'data'}: enum was {before!r}, is {after!r}"


def _fields(old: JsonObject, new: JsonObject, roots: _Roots, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    assert isinstance(before, dict)
    assert isinstance(after, dict)
    was_required, is_required = _required(old), _required(new)
    for name, node in before.items():
        place = f"{path}.{name}".lstrip(".")
        if name not in after:
            yield f"{place}: the field is gone"
            continue
        if (name in was_required) != (name in is_required):
            yield f"{place}: {'no longer' if name in was_required else 'newly'} required"
        yield from _compare(node, after[name], roots, place)
    for name in after:
        if name not in before and name in is_required:
            yield f"{path}.{name}: a new field must be optional".lstrip(".")


def _required(schema: JsonObject) -> set[str]:
    names = schema.get("required", [])
    return {name for name in names if isinstance(name, str)} if isinstance(names, list) else set()


def _alternatives(keyword: str, old: JsonObject, new: JsonObject, roots: _Roots, path: str) -> Iterator[str]:
    before, after = old.get(keyword, []), new.get(keyword, [])
    if not isinstance(before, list) or not isinstance(after, list) or len(before) != len(after):
        yield f"{path or 'data'}: {keyword} changed"
        return
    for old_one, new_one in zip(before, after, strict=True):
        yield from _compare(old_one, new_one, roots, path)
