"""Whatever is seen of a dispute, in any order and however often: each thing is told once (B12)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.dispute import DisputeStanding, DisputeState, ShownDispute, news
from tests.unit.billing.test_disputes import LOST, WON, shown, told


@pytest.mark.rule("B12")
@given(
    st.lists(
        st.builds(shown, st.sampled_from([None, *DisputeState]), withdrawn=st.booleans(), reinstated=st.booleans()),
        max_size=8,
    )
)
def test_whatever_is_seen_each_thing_is_told_once_and_a_verdict_only_by_the_next_step(seen: list[ShownDispute]) -> None:
    standing: DisputeStanding | None = None
    words: list[str] = []
    for each in seen:
        for _ in range(2):  # what is shown twice tells nothing new
            new = news(standing, each)
            words += told(new)
            standing = new.after if new else standing
        assert news(standing, each) is None
    assert len(words) == len(set(words))
    assert words[:1] in ([], ["opened"])
    verdicts = [word.split() for word in words if word.split()[0] in {"won", "lost"}]
    assert [step for _, step in verdicts] == [str(number + 1) for number in range(len(verdicts))]
    assert all(first[0] != second[0] for first, second in itertools.pairwise(verdicts))
    decided = [each.state for each in seen if each.state in (WON, LOST)]
    assert (verdicts[-1][0] if verdicts else None) == (decided[-1] if decided else None)
