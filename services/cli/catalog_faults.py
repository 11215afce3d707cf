"""Everything that is wrong with a catalog, all at once: whoever mends it wants to mend it once (B4, B5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from shared.contracts.currencies import objection
from shared.contracts.price_catalog import CatalogPublished

Json = Any  # a document that nobody has looked at yet

# The nouns of a catalog's lists, and what names their members.
LISTS = {"packages": "package_id", "action_prices": "action"}


def faults(document: Json) -> list[str]:
    """What is wrong with a catalog by itself, each with its place. Empty when it can be published."""
    return [*_of_shape(document), *_of_names(document), *_of_prices(document)]


def conflicts(catalog: CatalogPublished, published: Iterable[CatalogPublished]) -> list[str]:
    """What is wrong with it beside those that were published: a version is never changed, nor begun behind another."""
    found = []
    for other in published:
        if other.catalog_version == catalog.catalog_version and other != catalog:
            found.append(
                f"catalog_version: {other.catalog_version} was published with other content; take a higher one"
            )
        if other.catalog_version > catalog.catalog_version and other.effective_at <= catalog.effective_at:
            found.append(
                f"catalog_version: {other.catalog_version} is in force when this one begins, so this one never is"
            )
    return found


def _of_shape(document: Json) -> list[str]:
    try:
        CatalogPublished.model_validate(document)
    except ValidationError as error:
        flaws = error.errors(include_url=False, include_context=False, include_input=False)
        # What is said of the whole is said of its lists below, whether or not the rest is well.
        return [f"{_place(flaw['loc'])}: {flaw['msg']}" for flaw in flaws if flaw["loc"] or not _members(document)]
    return []


def _of_names(document: Json) -> list[str]:
    found = []
    for noun, name in LISTS.items():
        names = Counter(str(member[name]) for _, member in _members(document, noun) if name in member)
        found += [f"{noun}: {named} is there {count} times" for named, count in names.items() if count > 1]
    return found


def _of_prices(document: Json) -> list[str]:
    found = []
    for number, package in _members(document, "packages"):
        amount_minor, currency = package.get("price_minor"), package.get("currency")
        # Of another type or out of all bounds: that was said already.
        if type(amount_minor) is not int or amount_minor < 1 or not isinstance(currency, str) or len(currency) != 3:
            continue
        wrong = objection(amount_minor, currency)
        if wrong is not None:
            found.append(f"packages.{number}: {wrong}")
    return found


def _members(document: Json, noun: str = "packages") -> Sequence[tuple[int, Mapping[str, Json]]]:
    members = document.get(noun) if isinstance(document, dict) else None
    return [
        (number, member)
        for number, member in enumerate(members if isinstance(members, list) else ())
        if isinstance(member, dict)
    ]


def _place(location: Sequence[int | str]) -> str:
    return ".".join(map(str, location)) or "catalog"
