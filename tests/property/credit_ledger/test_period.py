"""Billing periods against dateutil, an implementation that is not ours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from services.credit_ledger.domain.period import Calendar, period_at

anchors = st.dates(date(1970, 1, 1), date(2100, 12, 31))
instants = st.datetimes(datetime(1970, 1, 1), datetime(2100, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.rule("C7")
@given(anchors, instants)
def test_a_period_holds_its_instant_and_is_the_anchor_moved_by_whole_months(anchor: date, at: datetime) -> None:
    period = period_at(anchor, at)
    assert period.holds(at)
    assert period.start == midnight(anchor) + relativedelta(months=period.number)
    assert period.end == midnight(anchor) + relativedelta(months=period.number + 1)


@pytest.mark.rule("C7")
@given(anchors, instants)
def test_periods_join_without_gap_or_overlap(anchor: date, at: datetime) -> None:
    period = period_at(anchor, at)
    assert period_at(anchor, period.end).start == period.end
    assert period_at(anchor, period.start - timedelta(microseconds=1)).end == period.start


@given(anchors, st.lists(instants, max_size=8), st.integers(-12, 14))
def test_a_calendar_remembers_nothing_wrong_and_zones_do_not_matter(
    anchor: date, instants: list[datetime], hours: int
) -> None:
    calendar = Calendar(anchor)
    zone = timezone(timedelta(hours=hours))
    for at in instants:
        assert calendar.period_at(at.astimezone(zone)) == period_at(anchor, at)
