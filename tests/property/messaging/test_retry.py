"""Back-off: bounded, spread, and the same on every replay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shared.messaging.retry import Backoff

BACKOFF = Backoff(first_s=0.5, cap_s=60.0)


@given(attempt=st.integers(min_value=-5, max_value=10_000), seed=st.text())
def test_a_wait_lies_between_nothing_and_the_doubled_ceiling(attempt: int, seed: str) -> None:
    delay_s = BACKOFF.delay_s(attempt, seed)
    assert 0 <= delay_s <= min(60.0, 0.5 * 2.0 ** min(max(attempt, 1) - 1, 100))


@given(attempt=st.integers(min_value=1, max_value=100), seed=st.text())
def test_the_same_history_waits_the_same(attempt: int, seed: str) -> None:
    assert BACKOFF.delay_s(attempt, seed) == BACKOFF.delay_s(attempt, seed)


def test_those_who_failed_together_come_back_spread_over_the_whole_span() -> None:
    delays = sorted(BACKOFF.delay_s(20, f"payment {number}") for number in range(200))
    assert delays[0] < 3
    assert delays[-1] > 57
    assert 20 < delays[100] < 40
