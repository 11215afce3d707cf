"""Storms folded: which email goes out at once and which with others (N5). Pure: no IO, no clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from uuid import UUID

from services.notification.domain.notice import Notice
from shared.messaging.ids import derive

WINDOW = timedelta(minutes=10)  # N5
BEHIND_RETRY = timedelta(minutes=1)  # a mail server that is away is asked by the mail that comes first, not by this one
# An email that got stuck by a bug waits for people; what comes later must not wait for it as long.
BEHIND_AT_MOST = timedelta(hours=1)
LISTED = 20  # requests that one mail names; of the others it says how many there are


@dataclass(frozen=True, slots=True)
class Window:
    """The open window of one person in one workspace. `collecting`: an email waits in it already."""

    digest_id: UUID
    ends_at: datetime
    collecting: bool


class Place(Enum):
    """Where an email goes: out at once, which opens a window; into the open window; into a new one."""

    AT_ONCE = "at_once"
    JOINED = "joined"
    COLLECTED = "collected"


def place(window: Window | None, behind: Callable[[], bool], now: datetime) -> Place:
    """Where the next email to this person goes. `behind`: an earlier one is not out yet, so this one can wait as well;
    it is asked only where it decides, as in a storm nearly all are joined.

    A window that collects is joined also after its end: its mail has not begun, so there is one mail less.
    """
    if window is not None and (window.collecting or now < window.ends_at):
        return Place.JOINED
    return Place.COLLECTED if behind() else Place.AT_ONCE


def digest_opened_by(notice: Notice) -> UUID:
    """The id of the window that this notice opens, and of the mail that goes out at its end."""
    return derive("digest", str(notice.notice_id))
