"""The judges themselves: each tells one too few from one too many, and knows a repeated event for what it is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.containers.faults import oracles
from tests.containers.faults.homes import Homes
from tests.containers.faults.log_reader import Seen
from tests.containers.faults.memory import Memory, Purchase, Usage
from tests.containers.faults.tally import Tally

PURCHASE = "6f1c3c0e-4b3e-4f7e-9d55-0a6a2f0f7a01"
USAGE = "usage-1"


@pytest.fixture
def homes() -> Homes:
    return Homes()


@pytest.fixture
def memory(homes: Homes) -> Memory:
    """One purchase that was to be paid, and one usage that was to be burned."""
    home = homes.good[0].name
    return Memory(
        purchases={PURCHASE: Purchase(PURCHASE, home, "buyer", "paid", 1500, 3000, 0.0)},
        usages={USAGE: Usage(USAGE, home, 4, "burned", 0.0)},
    )


def seen(homes: Homes, event_id: str, kind: str, **data: object) -> Seen:
    event = {"source": "/x", "id": event_id, "type": kind, "data": {"workspace_id": homes.good[0].name, **data}}
    return Seen("topic", event, 0.0)


def of(what: str, tallies: list[Tally]) -> Tally:
    return next(tally for tally in tallies if tally.what == what)


def credited(homes: Homes, event_id: str) -> Seen:
    return seen(homes, event_id, oracles.CREDITED, purchase_id=PURCHASE)


def charge(homes: Homes, purchase_id: str) -> dict[str, Any]:
    return {
        "effect": "charge_succeeded",
        "customer": homes.good[0].customer,
        "charge": "ch_1",
        "amount_minor": 1500,
        "metadata": {"purchase_id": purchase_id},
    }


def test_a_purchase_without_its_event_is_lost(homes: Homes, memory: Memory) -> None:
    tally = of("log: credited purchases", oracles.log([], memory, homes))

    assert (tally.lost, tally.twice) == ([PURCHASE], [])


def test_a_purchase_with_two_events_is_twice(homes: Homes, memory: Memory) -> None:
    log = [credited(homes, "one"), credited(homes, "two")]

    tally = of("log: credited purchases", oracles.log(log, memory, homes))

    assert (tally.lost, tally.twice) == ([], [PURCHASE])


def test_the_same_event_again_is_a_repeat_and_nothing_worse(homes: Homes, memory: Memory) -> None:
    log = [credited(homes, "one"), credited(homes, "one")]

    tally = of("log: credited purchases", oracles.log(log, memory, homes))

    assert (tally.lost, tally.twice) == ([], [])
    assert oracles.repeated(log, homes) == 1


def test_a_usage_that_is_burned_twice_shows_in_the_sums(homes: Homes, memory: Memory) -> None:
    log = [seen(homes, name, oracles.BURNED, usages=1, credits=4) for name in ("one", "two")]

    tallies = oracles.log(log, memory, homes)

    assert of("log: usages burned", tallies).twice == [homes.good[0].name]
    assert of("log: credits burned", tallies).twice == [homes.good[0].name]


@pytest.mark.parametrize(
    ("charges", "lost", "twice"),
    [([], [PURCHASE], []), ([PURCHASE, PURCHASE], [], [PURCHASE]), ([PURCHASE, "a-stranger"], [], ["a-stranger"])],
    ids=["none", "two", "one that nobody asked for"],
)
def test_every_charge_is_held_against_the_purchases(
    homes: Homes, memory: Memory, tmp_path: Path, charges: list[str], lost: list[str], twice: list[str]
) -> None:
    journal = tmp_path / "journal"
    journal.write_text("".join(json.dumps(charge(homes, purchase)) + "\n" for purchase in charges))

    for tally in oracles.money(journal, memory, homes):
        assert (tally.lost, tally.twice) == (lost, twice)
