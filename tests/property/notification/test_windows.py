"""Whenever requests come: each is in one mail within ten minutes, and there are few mails (N5)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notification.domain.digest import WINDOW, Place, Window, place
from tests.unit.notification.events import NOW

# From a storm to a quiet day, and to the second at the window's end.
GAPS_S = st.lists(st.one_of(st.integers(0, 30), st.integers(0, 1_500), st.just(600)), min_size=1, max_size=60)


def _mails(arrivals: list[datetime]) -> list[tuple[datetime, list[datetime]]]:
    """When each mail goes out and what is in it; a mail server that takes everything at once."""
    mails: list[tuple[datetime, list[datetime]]] = []
    window: Window | None = None
    waiting: list[datetime] = []

    def close() -> None:
        nonlocal window
        assert window is not None
        if waiting:
            mails.append((window.ends_at, waiting.copy()))
            waiting.clear()
            window = None

    for number, now in enumerate(arrivals):
        if window is not None and now >= window.ends_at:
            close()
        where = place(window, lambda: False, now)
        if where is Place.AT_ONCE:
            mails.append((now, [now]))
            window = Window(UUID(int=number), now + WINDOW, collecting=False)
        else:
            assert window is not None
            waiting.append(now)
            window = Window(window.digest_id, window.ends_at, collecting=True)
    if window is not None:
        close()
    return mails


@pytest.mark.rule("N5")
@given(gaps_s=GAPS_S)
def test_each_request_is_in_one_mail_within_ten_minutes_and_few_mails_are_sent(gaps_s: list[int]) -> None:
    arrivals = [NOW + timedelta(seconds=sum(gaps_s[: number + 1])) for number in range(len(gaps_s))]
    mails = _mails(arrivals)
    assert sorted(asked for _, told in mails for asked in told) == arrivals
    assert all(timedelta(0) <= sent - asked <= WINDOW for sent, told in mails for asked in told)
    assert mails[0] == (arrivals[0], [arrivals[0]])
    sent_at = [sent for sent, _ in mails]
    assert all(third - first >= WINDOW for first, third in zip(sent_at, sent_at[2:], strict=False))
