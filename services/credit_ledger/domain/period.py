"""Billing periods: half-open, in UTC, one a month, counted from the workspace's cycle anchor (C7)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

MONTHS_PER_YEAR = 12
LATE = timedelta(hours=1)  # C16: how long after a period's end what occurred in it may still be appended to the log
TICK = timedelta(milliseconds=1)  # the log's clock counts in these: what is appended at the hour's end is still in it


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` up to, not including, `end`. The one that starts on the anchor has the number 0."""

    number: int
    start: datetime
    end: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies in this period."""
        return self.start <= at < self.end


def period_at(anchor: date, at: datetime) -> Period:
    """The period in which an instant lies. Instants before the anchor lie in periods with negative numbers."""
    at = at.astimezone(UTC)
    number = (at.year - anchor.year) * MONTHS_PER_YEAR + at.month - anchor.month
    if at < _start(anchor, number):
        number -= 1
    return Period(number, _start(anchor, number), _start(anchor, number + 1))


def _start(anchor: date, number: int) -> datetime:
    """Always counted from the anchor, never from the period before: else the 31st would become the 28th for good."""
    year, month0 = divmod(anchor.year * MONTHS_PER_YEAR + anchor.month - 1 + number, MONTHS_PER_YEAR)
    day = min(anchor.day, monthrange(year, month0 + 1)[1])
    return datetime(year, month0 + 1, day, tzinfo=UTC)


class Calendar:
    """The periods of one workspace. Remembers the last answer: events of one batch lie close together."""

    def __init__(self, anchor: date) -> None:
        self._anchor = anchor
        self._last: Period | None = None

    def period_at(self, at: datetime) -> Period:
        """The period in which an instant lies."""
        if self._last is None or not self._last.holds(at):
            self._last = period_at(self._anchor, at)
        return self._last
