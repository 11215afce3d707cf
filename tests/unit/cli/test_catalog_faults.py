"""A bad catalog is refused with every fault at once (B4, B5)."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.catalog_faults import conflicts, faults
from shared.contracts.price_catalog import CatalogPublished

EXAMPLE: dict[str, Any] = json.loads((Path(__file__).parents[3] / "examples" / "catalog.json").read_text())["data"]
CATALOG = CatalogPublished.model_validate(EXAMPLE)


def spoiled(**changes: Any) -> dict[str, Any]:
    document = deepcopy(EXAMPLE)
    for path, value in changes.items():
        *steps, last = path.split("__")
        node: Any = document
        for step in steps:
            node = node[int(step) if step.isdigit() else step]
        node[last] = value
    return document


def test_a_good_catalog_has_no_fault() -> None:
    assert faults(EXAMPLE) == []


@pytest.mark.rule("B4", "B5")
def test_every_fault_is_said_at_once_with_its_place() -> None:
    package = EXAMPLE["packages"][1]
    dinars = {**package, "package_id": "dinars", "currency": "kwd", "price_minor": 4_501}
    found = faults(
        spoiled(
            packages=[*deepcopy(EXAMPLE["packages"]), package, dinars],
            packages__0__credits=2_999,
            packages__2__currency="xyz",
            packages__3__price_minor=0,
            catalog_version=0,
            effective_at="yesterday",
            quotas__free=-1,
            colour="blue",
        )
    )
    assert sorted(fault.partition(":")[0] for fault in found) == [
        "catalog_version",
        "colour",
        "effective_at",
        "packages",
        "packages.0.credits",
        "packages.2",
        "packages.3.price_minor",
        "packages.5",
        "quotas.free",
    ]
    assert "packages: credits-10k is there 2 times" in found
    assert "packages.5: an amount of kwd must be a multiple of 10" in found


@pytest.mark.rule("B4")
@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({"packages__0__credits": 2_999}, "packages.0.credits"),
        ({"packages__0__credits": 100_001}, "packages.0.credits"),
        ({"packages__3__price_minor": 0}, "packages.3.price_minor"),
        ({"packages__2__currency": "xyz"}, "packages.2"),
        ({"packages__2__currency": "US"}, "packages.2.currency"),
        ({"packages__1__price_minor": 49}, "packages.1"),
        ({"packages": []}, "packages"),
        ({"action_prices": [{"action": "chat", "credits": 1, "per": 1}] * 2}, "action_prices"),
    ],
)
def test_one_fault_is_said_once(changes: dict[str, Any], place: str) -> None:
    (fault,) = faults(spoiled(**changes))
    assert fault.startswith(f"{place}: ")


@pytest.mark.parametrize("document", [None, 7, "x", [], {}, {"packages": 7}, {"packages": [7, None]}])
def test_what_is_no_catalog_at_all_is_refused_and_nothing_breaks(document: object) -> None:
    assert faults(document)


@pytest.mark.rule("B5")
def test_a_version_is_never_changed_and_never_begins_behind_a_higher_one() -> None:
    later = CATALOG.model_copy(update={"catalog_version": 2})
    assert conflicts(CATALOG, [CATALOG]) == []
    assert conflicts(later, [CATALOG]) == []
    (changed,) = conflicts(CATALOG.model_copy(update={"low_balance_percent": 1}), [CATALOG])
    assert "was published with other content" in changed
    (behind,) = conflicts(CATALOG, [later])
    assert "2 is in force when this one begins" in behind
    future = later.model_copy(update={"effective_at": CATALOG.effective_at + timedelta(days=1)})
    assert conflicts(CATALOG, [future]) == []
