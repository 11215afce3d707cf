"""Points in time on the wire: RFC 3339 with an offset, nothing else. A number is not taken for seconds since 1970."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import TypeVar

# CloudEvents "Timestamp" is RFC 3339; `fromisoformat` would also take "2026-W01", a space for the T, and no offset.
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
_FULL_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)

# Far from the ends of the calendar, where a change of the offset would overflow.
FIRST_YEAR = 1970
LAST_YEAR = 2100

D = TypeVar("D", bound=date)


def instant(value: object) -> datetime:
    """An aware datetime, or its RFC 3339 text. Digits beyond microseconds are cut. Raises ValueError."""
    if isinstance(value, str) and _RFC3339.fullmatch(value):
        moment = datetime.fromisoformat(value.upper())
    elif isinstance(value, datetime):
        moment = value
    else:
        raise ValueError("write an RFC 3339 timestamp with an offset, for example 2026-01-31T12:00:00Z")
    return _within_the_calendar(moment)


def calendar_date(value: object) -> date:
    """A date, or its RFC 3339 text. Raises ValueError."""
    if isinstance(value, str) and _FULL_DATE.fullmatch(value):
        day = date.fromisoformat(value)
    elif isinstance(value, date) and not isinstance(value, datetime):
        day = value
    else:
        raise ValueError("write a date, for example 2026-01-31")
    return _within_the_calendar(day)


def _within_the_calendar(value: D) -> D:
    if not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise ValueError(f"the year must lie between {FIRST_YEAR} and {LAST_YEAR}")
    return value
