"""Billing periods, by the cases that go wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from services.credit_ledger.domain.period import period_at


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


@pytest.mark.rule("C7")
@pytest.mark.parametrize(
    ("anchor", "at", "start", "end"),
    [
        ("2026-01-31", "2026-02-27T23:59:59+00:00", "2026-01-31", "2026-02-28"),
        ("2026-01-31", "2026-02-28T00:00:00+00:00", "2026-02-28", "2026-03-31"),
        ("2026-01-31", "2028-02-29T00:00:00+00:00", "2028-02-29", "2028-03-31"),
        ("2024-02-29", "2026-03-01T00:00:00+00:00", "2026-02-28", "2026-03-29"),
        ("2026-01-05", "2025-12-31T12:00:00+00:00", "2025-12-05", "2026-01-05"),
        ("2026-01-05", "2026-01-05T01:00:00+02:00", "2025-12-05", "2026-01-05"),
    ],
)
def test_a_period_ends_on_the_anchors_day_or_the_months_last(anchor: str, at: str, start: str, end: str) -> None:
    period = period_at(date.fromisoformat(anchor), datetime.fromisoformat(at))
    assert (period.start, period.end) == (midnight(date.fromisoformat(start)), midnight(date.fromisoformat(end)))
