"""A batch that fails is halved down to the item that fails, and bounded before it is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.arrivals import Arrival, bounded
from shared.messaging.division import divide
from shared.messaging.failures import Bug
from shared.messaging.log import Place

PLACE = Place("topic", 0)


@dataclass(frozen=True)
class Item:
    offset: int
    place: Place = PLACE

    def id(self) -> str:
        return f"id-{self.offset}"


class Elsewhere(Exception):
    """Someone else's business."""


def run(count: int, bad: set[int]) -> tuple[list[int], Bug | None]:
    """What was done, in order, and the bug that ended it."""
    done: list[int] = []

    def attempt(items: Sequence[Item]) -> None:
        if any(item.offset in bad for item in items):
            raise ValueError("secret content")
        done.extend(item.offset for item in items)

    try:
        divide([Item(offset) for offset in range(count)], attempt, (Elsewhere,))
    except Bug as bug:
        return done, bug
    return done, None


@given(st.integers(0, 300), st.sets(st.integers(0, 300)))
def test_all_before_the_first_bad_item_is_done_in_order_and_nothing_behind_it(count: int, bad: set[int]) -> None:
    done, bug = run(count, bad)

    first = min((offset for offset in bad if offset < count), default=None)
    assert done == list(range(count if first is None else first))
    assert (bug.offset if bug else None) == first


def test_the_bug_names_place_id_and_line_and_says_nothing_of_the_content() -> None:
    _, bug = run(5, {3})

    assert bug is not None
    assert (bug.topic, bug.partition, bug.offset, bug.message_id) == ("topic", 0, 3, "id-3")
    assert "ValueError" in str(bug)
    assert "test_division.py" in str(bug)


def test_an_error_that_is_no_bug_goes_through_at_once() -> None:
    tries: list[int] = []

    def attempt(items: Sequence[Item]) -> None:
        tries.append(len(items))
        raise Elsewhere

    with pytest.raises(Elsewhere):
        divide([Item(offset) for offset in range(8)], attempt, (Elsewhere,))
    assert tries == [8]


@given(st.lists(st.integers(1, 40), max_size=60), st.integers(1, 50))
def test_a_batch_holds_no_more_messages_than_allowed_unless_one_record_does(sizes: list[int], most: int) -> None:
    arrivals = [cast(Arrival, SimpleNamespace(elements=[None] * size)) for size in sizes]

    batches: list[Sequence[Any]] = list(bounded(arrivals, most))

    assert [arrival for batch in batches for arrival in batch] == arrivals
    assert all(batch for batch in batches)
    assert all(len(batch) == 1 or sum(len(arrival.elements) for arrival in batch) <= most for batch in batches)
