"""One notice: something one person is told, once. The in-app row is the notice; an email may carry it as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from shared.contracts.notification import NoticeKind, NoticeState
from shared.messaging.ids import derive

# RFC 5321, 4.5.4.1: a sender gives up after at least four or five days. Counted from when the event happened, so that
# a log that is read again from its start, months later, mails nobody old news.
MAILED_WITHIN = timedelta(days=5)

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a notice is about having happened: the event's identity (CloudEvents: source and id) and its time."""

    source: str
    id: str
    workspace_id: str
    occurred_at: datetime


@dataclass(frozen=True, slots=True)
class Notice:
    """What one person is told about one occasion. `facts` are ids and amounts; names are looked up when it is shown.

    `folded`: of many such emails to one person, the first goes out at once and the others together (N5).
    """

    occasion: Occasion
    user_id: str
    kind: NoticeKind
    wording: str
    about_id: str
    facts: Facts
    by_email: bool
    folded: bool = False

    @property
    def notice_id(self) -> UUID:
        """Derived from (event, person): the same event never makes a second notice for anybody (N4)."""
        return derive("notice", self.occasion.source, self.occasion.id, self.user_id)

    @property
    def mail_until(self) -> datetime:
        """When an email about it stops being worth sending."""
        return self.occasion.occurred_at + MAILED_WITHIN


@dataclass(frozen=True, slots=True)
class Told:
    """A notice as it stands in the database. `settled`: its matter is; a person may have handled it before."""

    notice_id: UUID
    user_id: str
    workspace_id: str
    kind: NoticeKind
    wording: str
    about_id: str
    state: NoticeState
    facts: Facts
    occurred_at: datetime
    settled: bool = False


def after(state: NoticeState, wanted: NoticeState) -> NoticeState:
    """The state of a notice that its person wants in another. What is handled stays so: nothing opens it again."""
    return state if state == "handled" else wanted
