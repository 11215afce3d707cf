"""Any two lists: each difference once, none where there is none."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.reconciling import About, Ours, Theirs, doubts, doubts_of_page, shelved


@dataclass(frozen=True)
class Pair:
    """One payment or refund on both sides, and whether they differ."""

    theirs: Theirs | None
    ours: Ours | None
    differ: bool


CHANGES = ("none", "amount", "currency", "behind", "here only", "there only", "gone there", "foreign", "state")


def pair(number: int, about: About, change: str) -> Pair:
    own, named, intent = str(UUID(int=number)), f"{about[:2]}_{number}", f"pi_{number}"
    is_refund = about is About.REFUND
    intent = intent if is_refund else named
    ours = Ours(
        about,
        str(UUID(int=10_000 + number)) if is_refund else own,
        "acme",
        "succeeded",
        100 + number,
        "eur",
        own if is_refund else None,
        named,
        intent,
        None if is_refund else "cus_acme",
    )
    theirs = Theirs(
        about,
        named,
        "succeeded",
        100 + number,
        "eur",
        intent,
        None if is_refund else own,
        None if is_refund else "acme",
        own if is_refund else None,
        None if is_refund else "cus_acme",
    )
    match change:
        case "amount":
            return Pair(replace(theirs, amount_minor=7), ours, True)
        case "currency":
            return Pair(replace(theirs, currency="usd"), ours, True)
        case "behind":
            return Pair(theirs, replace(ours, state="parked"), True)
        case "gone there":
            return Pair(None, ours, True)
        case "there only":
            return Pair(theirs, None, True)
        case "state":
            return Pair(replace(theirs, status="failed" if is_refund else "canceled"), ours, True)
        case "here only":  # nothing was taken, so nothing is to be shown
            return Pair(None, replace(ours, state="failed" if is_refund else "cancelled"), False)
        case "foreign":
            return Pair(replace(theirs, purchase_id=None, workspace_id=None, refund_id=None), None, False)
        case _:
            return Pair(theirs, ours, False)


@st.composite
def pairs(draw: st.DrawFn) -> list[Pair]:
    kinds = st.tuples(st.sampled_from([About.PAYMENT, About.REFUND]), st.sampled_from(CHANGES))
    return [pair(number, about, change) for number, (about, change) in enumerate(draw(st.lists(kinds, max_size=25)), 1)]


@pytest.mark.rule("B10")
@given(pairs(), st.randoms(use_true_random=False), st.integers(1, 7))
def test_each_difference_of_any_two_lists_is_told_once_however_they_are_cut(
    made: list[Pair], chance: object, page_size: int
) -> None:
    theirs = [each.theirs for each in made if each.theirs]
    ours = [each.ours for each in made if each.ours]
    chance.shuffle(theirs)  # type: ignore[attr-defined]  # hypothesis' own Random
    chance.shuffle(ours)  # type: ignore[attr-defined]
    expected = sorted((each.theirs or each.ours).processor_id or "" for each in made if each.differ)  # type: ignore[union-attr]
    found = doubts(theirs, ours)
    assert sorted(((doubt.theirs or doubt.ours).processor_id or "") for doubt in found) == expected  # type: ignore[union-attr]
    cut = [theirs[start : start + page_size] for start in range(0, len(theirs), page_size)]
    by_page = [doubt for page in cut for doubt in doubts_of_page(page, shelved(ours))]
    assert by_page == [doubt for doubt in found if doubt.theirs]
